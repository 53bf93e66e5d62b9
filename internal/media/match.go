// SPDX-License-Identifier: Apache-2.0

package media

import "lachan/internal/pdq"

// FilmShare is the share of a film's frames that must be found in a known one
// for the two to count as the same. It, the distance (pdq.MaxDistance) and the
// quality (pdq.MinQuality) of a frame are those of vPDQ (ThreatExchange,
// python-threatexchange/threatexchange/extensions/vpdq/vpdq_util.py: VPDQ_QUERY_MATCH_THRESHOLD_PERCENT 80,
// VPDQ_DISTANCE_THRESHOLD 31, VPDQ_QUALITY_THRESHOLD 50). How much of the known
// film is found again does not count there (VPDQ_INDEX_MATCH_THRESHOLD_PERCENT
// 0), so that a piece of a film is found.
const FilmShare = 0.8

// FilmMatch is the share, 0 to 1, of query's frames that known has within
// pdq.MaxDistance. Frames with nothing to recognise count on neither side; a film
// of nothing else matches none.
func FilmMatch(query, known []Frame) float64 {
	asked, found := 0, 0
	for _, q := range query {
		if !q.Print.Usable() {
			continue
		}
		asked++
		for _, k := range known {
			if k.Print.Usable() && q.Print.Hash.Distance(k.Print.Hash) <= pdq.MaxDistance {
				found++
				break
			}
		}
	}
	if asked == 0 {
		return 0
	}
	return float64(found) / float64(asked)
}
