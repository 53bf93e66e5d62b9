// SPDX-License-Identifier: Apache-2.0

package main

// cli is the whole grammar: one look shows every command. The words of the
// help tags are locale keys (see helpWords).
type cli struct {
	Demo      demoCmd      `cmd:"" help:"${demo}"`
	Serve     serveCmd     `cmd:"" help:"${serve}"`
	Node      nodeCmd      `cmd:"" help:"${node}"`
	Config    configCmd    `cmd:"" help:"${config}"`
	Migrate   migrateCmd   `cmd:"" help:"${migrate}"`
	Backup    backupCmd    `cmd:"" help:"${backup}"`
	Restore   restoreCmd   `cmd:"" help:"${restore}"`
	Fsck      fsckCmd      `cmd:"" help:"${fsck}"`
	User      userCmd      `cmd:"" help:"${user}"`
	Token     tokenCmd     `cmd:"" help:"${token}"`
	Unit      unitCmd      `cmd:"" help:"${unit}"`
	Directive directiveCmd `cmd:"" help:"${directive}"`
	Roster    rosterCmd    `cmd:"" help:"${roster}"`
	List      listCmd      `cmd:"" help:"${list}"`
	Lookup    lookupCmd    `cmd:"" help:"${lookup}"`
	Bundle    bundleCmd    `cmd:"" help:"${bundle}"`
	Hash      hashCmd      `cmd:"" help:"${hash}"`
	Classify  classifyCmd  `cmd:"" help:"${classify}"`
	Report    reportCmd    `cmd:"" help:"${report}"`
	Ledger    ledgerCmd    `cmd:"" help:"${ledger}"`
	Version   versionCmd   `cmd:"" help:"${version}"`
}

// onHub is what every command on a hub's data takes.
type onHub struct {
	Config string `short:"c" placeholder:"FILE" help:"${flag_config}"`
	JSON   bool   `help:"${flag_json}"`
}
