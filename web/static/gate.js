// SPDX-License-Identifier: Apache-2.0
// Does the small sum that the form is asked for while many people send at
// once, and then sends the form again by itself. Without this script the page
// says how many seconds to wait, and its button sends. What the sum is stands
// in internal/gate; it is done in short slices, so that the way out of the
// page answers at once.
(() => {
  const form = document.querySelector("form[data-challenge]");
  if (!form) return;
  const K = new Int32Array([
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2]);
  const w = new Int32Array(64);
  // The first 32 bits of SHA-256 of one block, which stands in w[0…15].
  const hash = () => {
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15], y = w[i - 2];
      w[i] = (w[i - 16] + w[i - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10)) | 0;
    }
    let a = 0x6a09e667, b = 0xbb67ae85 | 0, c = 0x3c6ef372, d = 0xa54ff53a | 0, e = 0x510e527f, f = 0x9b05688c | 0, g = 0x1f83d9ab, h = 0x5be0cd19;
    for (let i = 0; i < 64; i++) {
      const t = (h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (e & f ^ ~e & g) + K[i] + w[i]) | 0;
      const u = (((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c)) | 0;
      h = g; g = f; f = e; e = (d + t) | 0; d = c; c = b; b = a; a = (t + u) | 0;
    }
    return (a + 0x6a09e667) >>> 0;
  };
  const { challenge, pieces, below, seconds } = form.dataset;
  const limit = Number(below), count = Number(pieces), answer = [];
  const words = challenge.match(/.{8}/g).map((x) => parseInt(x, 16) | 0);
  const bar = form.querySelector("progress"), button = form.querySelector("[data-wait]");
  form.querySelectorAll("[data-script]").forEach((e) => { e.hidden = e.dataset.script === "off"; });
  button.hidden = true;
  setTimeout(() => { button.hidden = false; }, Number(seconds) * 1000);
  let nonce = 0;
  const gone = () => document.documentElement.hidden; // the way out was taken
  const turn = new MessageChannel(); // unlike a timer it is not slowed down
  turn.port1.onmessage = () => {
    const until = performance.now() + 30;
    while (answer.length < count) {
      for (let i = 0; i < 200 && answer.length < count; i++, nonce++) {
        w.set(words);
        w[8] = answer.length; w[9] = nonce; w[10] = 0x80000000 | 0;
        w[11] = w[12] = w[13] = w[14] = 0; w[15] = 320;
        if (hash() < limit) { answer.push(nonce.toString(36)); nonce = -1; }
      }
      if (performance.now() > until) break;
    }
    if (gone()) return;
    bar.value = answer.length;
    if (answer.length < count) { turn.port2.postMessage(0); return; }
    form.querySelector("[data-answer]").value = answer.join(".");
    form.submit();
  };
  turn.port2.postMessage(0);
})();
