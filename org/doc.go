// SPDX-License-Identifier: Apache-2.0

// Package org knows who and where: agencies, places, schools and classes, the
// functions they hold, and how they became one another. All of it has dates.
//
// Dispatch 4569 of August 2024 addresses 13 district committees, the
// Department of Information and the Department of Labour. By July 2025 none
// of them exists: the departments were merged, districts were abolished,
// Kon Tum joined the province and 272 communes of two provinces became 96.
// So a duty is never given to a name; it is given to a Selector (the holder
// of a function, every unit of a kind and level), resolved on a day.
//
// Three things that look like identities are none. An official code: 95 of
// the 96 communes of 2025 carry a code that an older commune had. A name:
// Ba Tơ and Ba Tô differ by one mark. A folded name: they do not differ at
// all. A unit therefore has an id of its own, and its name, code, kind and
// parent are rows with a first and a last day.
//
// Figures are never moved when units change. They are read in a Frame: as
// they were reported, by today's map, or by the map of some day. What the
// links cannot place exactly (a commune divided between two) stays in a
// bucket with its name on it; nothing is guessed and nothing is lost.
//
// Facts about the province are data of this package (province/, calendar/),
// marked where they have not been checked against the document that made
// them. Reading is done on a snapshot in memory; Service.Refresh renews it.
package org
