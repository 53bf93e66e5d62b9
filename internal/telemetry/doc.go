// SPDX-License-Identifier: Apache-2.0

// Package telemetry tells machines how the hub does: numbers for Prometheus
// to fetch, and traces for a collector of OpenTelemetry.
//
// Both are off unless the settings say otherwise, and both know only what
// package logs lets out of an event (logs.Done): the pattern of a route, a
// method, a status, the kind of a job. No path, no query, no header, no id and
// no name of a person or a school gets this far, so none can leave.
package telemetry
