// SPDX-License-Identifier: Apache-2.0

// Package e2e opens the product in a browser, as the people who use it do:
// the loop through the pages with scripts on, a week of a school between a
// teacher, its pupils' browsers and the department, every page under axe in both
// themes at the width of a phone and of a desk, and what the first page loads.
package e2e
