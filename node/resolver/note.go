// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"strings"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
	"lachan/node/faultlog"
)

// note hands what becomes of the question to the fault log of the client's
// school. Nearly always there is none, and one comparison says so.
func (w *worker) note(outcome faultlog.Outcome, code string, ede uint16) {
	if w.who.School == nil || w.who.School.Log.Until == 0 || w.live.cfg.Log == nil {
		return
	}
	// Before the first bundle nobody knows which names must never be logged.
	if w.never || w.atHome || w.view == nil || w.view.Bundle() == nil {
		return
	}
	name, ok := bundle.NameFromWire(w.q.NameWire())
	if !ok || w.live.isOwn(name) {
		return
	}
	w.live.cfg.Log.Note(w.who.School, w.now, faultlog.Line{Band: w.who.Band, Name: name, Type: w.q.Type, Outcome: outcome, Code: code, EDE: ede})
}

// isOwn reports whether a name is the hub's, or of this node: below its own
// name stand the words of devices.
func (l *live) isOwn(name bundle.Name) bool {
	if l.always[string(name.Wire())] {
		return true
	}
	text := name.String()
	return l.cfg.Host != "" && (text == l.cfg.Host || strings.HasSuffix(text, "."+l.cfg.Host))
}

// noteAnswer notes an answer from upstream or from the cache.
func (w *worker) noteAnswer(e *entry) {
	outcome := faultlog.Answered
	switch rcode := int(e.msg[3] & 0x0f); {
	case rcode == dnswire.NameError:
		outcome = faultlog.NoName
	case rcode != dnswire.NoError:
		outcome = faultlog.Failed
	case w.as != (bundle.Name{}):
		outcome = faultlog.Another
	}
	w.note(outcome, "", e.ede)
}
