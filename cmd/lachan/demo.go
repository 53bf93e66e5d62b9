// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"

	"lachan/hub/demo"
	"lachan/internal/problem"
)

type demoCmd struct {
	Tour   bool   `help:"${demo_tour}"`
	Dir    string `placeholder:"DIR" help:"${demo_dir}"`
	Listen string `default:"127.0.0.1:8080" help:"${demo_listen}"`
}

// Run shows the hub with sample data, or walks one report through it.
func (c *demoCmd) Run(ctx context.Context, t *terminal) error {
	if !c.Tour {
		return demo.Run(ctx, demo.Options{Out: t.out, Err: t.err, Printer: t.p, Dir: c.Dir, Listen: c.Listen, Version: version})
	}
	err := demo.Tour(ctx, demo.TourOptions{Out: t.out, Printer: t.p, Version: version})
	if at, ok := errors.AsType[*demo.StepError](err); ok {
		return problem.New("demo/step-failed", "step", t.p.T("demo.step."+string(at.Step))).Wrap(err)
	}
	return err
}
