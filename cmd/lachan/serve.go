// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"lachan/hub"
	"lachan/internal/config"
	"lachan/internal/logs"
	"lachan/internal/problem"
	"lachan/node"
)

// version is set by the build; a build without it says so.
var version = "dev"

type serveCmd struct {
	Config string `short:"c" placeholder:"FILE" help:"${flag_config}"`
}

// Run serves until the process is told to stop.
func (c *serveCmd) Run(ctx context.Context, t *terminal) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	h, err := hub.New(ctx, cfg, hub.Options{Version: version, Stderr: t.err})
	if err != nil {
		return err
	}
	defer h.Close()
	t.progress("cli.serve.on", "url", h.URL())
	first, err := h.Identity.NeedsSetup(ctx)
	if err != nil {
		return err
	}
	if first {
		link, err := h.SetupLink(ctx)
		if err != nil && !problem.Is(err, "identity/already-set-up") {
			return err
		}
		t.say("cli.serve.setup", "link", link)
	}
	return h.Run(ctx)
}

type nodeCmd struct {
	Run       nodeRunCmd       `cmd:"" default:"withargs" help:"${node_run}"`
	Enrol     nodeEnrolCmd     `cmd:"" help:"${node_enrol}"`
	Authority nodeAuthorityCmd `cmd:"" help:"${node_authority}"`
}

type nodeRunCmd struct {
	Config string `short:"c" required:"" placeholder:"FILE" help:"${flag_config}"`
}

// Run filters until the process is told to stop; at SIGHUP it reads its settings
// anew.
func (c *nodeRunCmd) Run(ctx context.Context, t *terminal) error {
	read := func() (cfg node.Config, err error) {
		err = config.DecodeFile(c.Config, &cfg)
		return cfg, err
	}
	cfg, err := read()
	if err != nil {
		return err
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	return node.Run(ctx, cfg, node.Options{Version: version, Logger: logs.New(t.err, "info", false), Hangup: hangup, Reread: read})
}

type nodeEnrolCmd struct {
	Config string `short:"c" required:"" placeholder:"FILE" help:"${flag_config}"`
	Token  string `arg:"" help:"${arg_token}"`
	Hub    string `help:"${flag_hub}" placeholder:"URL" required:""`
}

// Run joins the node to its hub.
func (c *nodeEnrolCmd) Run(ctx context.Context, t *terminal) error {
	var cfg node.Config
	if err := config.DecodeFile(c.Config, &cfg); err != nil {
		return err
	}
	who, err := node.Enrol(ctx, nil, cfg.State, strings.TrimRight(c.Hub, "/"), c.Token, version)
	if err != nil {
		return err
	}
	t.say("cli.node.enrolled", "id", who.NodeID, "n", len(who.SchoolIDs))
	return nil
}

type nodeAuthorityCmd struct {
	Config string   `short:"c" required:"" placeholder:"FILE" help:"${flag_config}"`
	Only   []string `placeholder:"NAME" help:"${flag_only}"`
}

// Run makes the school's own certificate authority for the block page.
func (c *nodeAuthorityCmd) Run(t *terminal) error {
	var cfg node.Config
	if err := config.DecodeFile(c.Config, &cfg); err != nil {
		return err
	}
	path, err := node.MakeAuthority(cfg, c.Only)
	if err != nil {
		return err
	}
	t.say("cli.node.authority", "key", cfg.PageAuthority, "cert", path)
	return nil
}

type configCmd struct {
	Check    configCheckCmd    `cmd:"" help:"${config_check}"`
	Describe configDescribeCmd `cmd:"" help:"${config_describe}"`
	Bus      configBusCmd      `cmd:"" help:"${config_bus}"`
}

type configCheckCmd struct {
	File string `arg:"" help:"${arg_config}"`
}

// Run reads the file as serve would and names every fault.
func (c *configCheckCmd) Run(ctx context.Context, t *terminal) error {
	cfg, err := config.Load(c.File)
	if err != nil {
		return err
	}
	t.say("cli.config.good", "file", c.File)
	return t.opens(ctx, cfg.Media)
}

type configDescribeCmd struct{}

// Run prints the complete settings file with its defaults.
func (configDescribeCmd) Run(t *terminal) error {
	_, err := fmt.Fprint(t.out, config.Describe(config.Default()))
	return err
}

type configBusCmd struct {
	Config string `short:"c" placeholder:"FILE" help:"${flag_config}"`
	Dir    string `default:"/var/lib/nats/accounts" help:"${flag_bus_dir}"`
}

// Run prints what an external NATS server must be told to trust this hub.
func (c *configBusCmd) Run(t *terminal) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	text, err := hub.BusTrust(cfg, c.Dir)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(t.out, text)
	return err
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(t *terminal) error {
	_, err := fmt.Fprintln(t.out, "lachan", version)
	return err
}
