// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"lachan/flow"
	"lachan/internal/locale"
)

// Step is the name of one step of the tour.
type Step string

// The steps, in order.
const (
	StepSetUp     Step = "set-up"
	StepDirective Step = "directive"
	StepNode      Step = "node"
	StepReport    Step = "report"
	StepReceipt   Step = "receipt"
	StepLogIn     Step = "log-in"
	StepTriage    Step = "triage"
	StepRing      Step = "ring"
	StepBefore    Step = "before"
	StepBlock     Step = "block"
	StepPage      Step = "page"
	StepAnswer    Step = "answer"
	StepCounter   Step = "counter"
	StepScan      Step = "scan"
	StepNamed     Step = "named"
	StepUnseen    Step = "unseen"
	StepVerdict   Step = "verdict"
	StepFilter    Step = "filter"
	StepFound     Step = "found"
	StepTotals    Step = "totals"
	StepDocuments Step = "documents"
	StepLift      Step = "lift"
	StepOutcome   Step = "outcome"
	StepLedger    Step = "ledger"
)

// StepError says at which step the tour did not see what it should.
type StepError struct {
	Step Step
	Err  error
}

// Error implements error.
func (e *StepError) Error() string { return "demo: " + string(e.Step) + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

// TourOptions are what a tour is given.
type TourOptions struct {
	Out     io.Writer
	Printer *locale.Printer
	Off     []flow.Arrow // switched off, to see that the tour misses them
	Version string
}

// Tour starts an instance of its own and walks the loop of one report. The
// error is a *StepError where a step did not show what it should.
func Tour(ctx context.Context, o TourOptions) (err error) {
	dir, err := os.MkdirTemp("", "lachan-tour-")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t := &tour{TourOptions: o, dir: dir}
	defer func() {
		if t.in != nil {
			err = errors.Join(err, t.in.close())
		}
	}()
	for n, step := range t.steps() {
		began := time.Now()
		if err := step.do(ctx); err != nil {
			return &StepError{step.name, err}
		}
		fmt.Fprintf(o.Out, "%2d  %s  (%s)\n", n+1, o.Printer.T("demo.step."+string(step.name)), took(time.Since(began)))
		for _, line := range t.lines {
			fmt.Fprintf(o.Out, "    %s\n", line)
		}
		t.lines = nil
	}
	return nil
}

func took(d time.Duration) string { return d.Round(time.Millisecond / 10).String() }

// tour is what one walk carries from step to step: addresses and what was
// told, to compare with what is read back. Lines are printed after the step.
type tour struct {
	TourOptions
	dir   string
	in    *instance
	staff *staff
	story story
	lines []string

	child, danger *browser            // two reporters
	desks         map[string]*browser // staff, by post
	receipt       string              // as the child read it off the page
	school        string              // address of the school's page
	caseAt        string              // address of the case's page
	domain        string              // as the page offers it for blocking
	duty          string              // address of the duty unit's form
}

type namedStep struct {
	name Step
	do   func(context.Context) error
}

func (t *tour) steps() []namedStep {
	return []namedStep{
		{StepSetUp, t.setUp},
		{StepDirective, t.directive},
		{StepNode, t.enrolNode},
		{StepReport, t.tell},
		{StepReceipt, t.readReceipt},
		{StepLogIn, t.logIn},
		{StepTriage, t.triage},
		{StepRing, t.ring},
		{StepBefore, t.before},
		{StepBlock, t.block},
		{StepPage, t.blockPage},
		{StepAnswer, t.answer},
		{StepCounter, t.counter},
		{StepScan, t.scan},
		{StepNamed, t.named},
		{StepUnseen, t.unseen},
		{StepVerdict, t.verdict},
		{StepFilter, t.filter},
		{StepFound, t.foundFigure},
		{StepTotals, t.totals},
		{StepDocuments, t.documents},
		{StepLift, t.lift},
		{StepOutcome, t.outcome},
		{StepLedger, t.ledger},
	}
}

// say keeps a line for after the step.
func (t *tour) say(key string, args ...any) { t.lines = append(t.lines, t.Printer.T(key, args...)) }

// wrong is a thing that is not as it should be.
func wrong(format string, args ...any) error { return fmt.Errorf(format, args...) }

// until tries what needs a moment, until it is so or patience ends.
func until(ctx context.Context, patience time.Duration, try func() (bool, error)) error {
	end := time.Now().Add(patience)
	for {
		ok, err := try()
		if ok || err != nil {
			return err
		}
		if time.Now().After(end) {
			return wrong("not so after %s", patience)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
