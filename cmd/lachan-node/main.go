// SPDX-License-Identifier: Apache-2.0

// Command lachan-node is the school's filter alone, without the hub: what a
// router or a small computer gets (amd64, arm64, arm, mipsle). It takes the
// same settings as `lachan node`, and reads them anew at SIGHUP.
//
//	lachan-node FILE                    filter
//	lachan-node enrol FILE HUB TOKEN    join a hub, once
//	lachan-node authority FILE [NAME…]  make an authority for the block page over HTTPS
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"lachan/internal/config"
	"lachan/internal/logs"
	"lachan/node"
)

// version is set by the build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lachan-node:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var cfg node.Config
	switch {
	case len(args) == 1:
		read := func() (cfg node.Config, err error) {
			err = config.DecodeFile(args[0], &cfg)
			return cfg, err
		}
		cfg, err := read()
		if err != nil {
			return err
		}
		hangup := make(chan os.Signal, 1)
		signal.Notify(hangup, syscall.SIGHUP)
		defer signal.Stop(hangup)
		return node.Run(ctx, cfg, node.Options{Version: version, Logger: logs.New(os.Stderr, "info", false), Hangup: hangup, Reread: read})
	case len(args) == 4 && args[0] == "enrol":
		if err := config.DecodeFile(args[1], &cfg); err != nil {
			return err
		}
		_, err := node.Enrol(ctx, nil, cfg.State, args[2], args[3], version)
		return err
	case len(args) >= 2 && args[0] == "authority":
		if err := config.DecodeFile(args[1], &cfg); err != nil {
			return err
		}
		path, err := node.MakeAuthority(cfg, args[2:])
		if err == nil {
			fmt.Println(path)
		}
		return err
	}
	return fmt.Errorf("lachan-node FILE | lachan-node enrol FILE HUB TOKEN | lachan-node authority FILE [NAME…]")
}
