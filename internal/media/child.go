// SPDX-License-Identifier: Apache-2.0

package media

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"lachan/internal/media/fence"
)

// Command is the hidden command by which a program starts itself again as a
// child of this package.
const Command = "examine-media"

const (
	stepFence = "fence" // followed by a fence.Spec in JSON
	stepLook  = "look"  // followed by the bytes of memory that it has
)

// IsChild reports whether a program was started as a child: its main then hands
// over to Main, before it reads settings or anything else. Tests that make an
// Examiner do the same in TestMain.
func IsChild(args []string) bool { return len(args) == 4 && args[1] == Command }

// Main is all that a child does. It returns its exit status.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	var err error
	switch args[2] {
	case stepFence:
		var s fence.Spec
		if err = json.Unmarshal([]byte(args[3]), &s); err == nil {
			err = fence.Enter(s)
		}
	case stepLook:
		var memory int64
		if _, err = fmt.Sscan(args[3], &memory); err == nil {
			err = look(in, out, memory)
		}
	default:
		err = errWire
	}
	if err != nil {
		fmt.Fprintln(errOut, err)
		return 1
	}
	return 0
}

// childProcs is with how many threads a child computes: one decodes, one
// collects.
const childProcs = 2

// look seals this process and answers.
func look(in io.Reader, out io.Writer, memory int64) error {
	runtime.GOMAXPROCS(childProcs)
	if memory > 0 {
		debug.SetMemoryLimit(memory * 3 / 4) // the collector tries hard before the kernel refuses
	}
	if err := send(out, hello{Held: fence.Seal()}); err != nil {
		return err
	}
	return serve(in, out, &eyes{memory: memory})
}

// serve answers questions until in ends between two. What is no question is an
// error, and the end of the child.
func serve(in io.Reader, out io.Writer, eyes *eyes) error {
	for {
		var q question
		err := receive(in, &q)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if q.Size < 0 || q.Size > mostBytes || q.Pixels < 0 || q.Within < 0 {
			return errWire
		}
		var whole bytes.Buffer // grows with what comes, not with what is said to come
		if n, err := io.CopyN(&whole, in, q.Size); err != nil {
			return fmt.Errorf("%w: %d of %d bytes: %w", errWire, n, q.Size, err)
		}
		file := whole.Bytes()
		a, small := eyes.see(q, file)
		if err := send(out, a); err != nil {
			return err
		}
		if _, err := out.Write(small); err != nil {
			return fmt.Errorf("media: %w", err)
		}
		debug.FreeOSMemory() // the next may be large, too
	}
}
