// SPDX-License-Identifier: Apache-2.0
// Reads a question aloud with the device's own voice. The button stays hidden
// where the device has none for the page's language.
(() => {
  const synth = window.speechSynthesis;
  const buttons = document.querySelectorAll("button[data-speak]");
  if (!synth || !buttons.length) return;
  const lang = document.documentElement.lang;
  const show = () => {
    const voice = synth.getVoices().find((v) => v.lang.toLowerCase().startsWith(lang));
    if (!voice) return;
    buttons.forEach((b) => {
      if (!b.hidden) return;
      b.hidden = false;
      b.addEventListener("click", () => {
        synth.cancel();
        const from = document.getElementById(b.dataset.speak);
        const say = new SpeechSynthesisUtterance(from ? from.textContent : "");
        say.voice = voice;
        say.lang = voice.lang;
        say.rate = 0.9;
        synth.speak(say);
      });
    });
  };
  show();
  synth.addEventListener("voiceschanged", show);
})();
