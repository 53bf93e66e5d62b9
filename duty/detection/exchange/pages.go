// SPDX-License-Identifier: Apache-2.0

package exchange

import "io"

// stopNCII reads one page of FetchHashes.
func (r *reading) stopNCII(in io.Reader) error {
	j := newJSON(in)
	var more, next, checkpoint text
	err := j.object(func(key string) error {
		switch key {
		case "nextPageToken":
			_, err := j.value(&next)
			return err
		case "hasMoreRecords":
			_, err := j.value(&more)
			return err
		case "nextSetTimestamp":
			_, err := j.value(&checkpoint)
			return err
		case "hashRecords":
			return j.array(func() error {
				var e struct {
					Modified  text `json:"lastModtimestamp"`
					Type      text `json:"signalType"`
					Value     text `json:"hashValue"`
					Status    text `json:"hashStatus"`
					Cases     any  `json:"caseNumbers"`
					Feedbacks []struct {
						Source text   `json:"source"`
						Value  text   `json:"feedbackValue"`
						Tags   []text `json:"tags"`
					} `json:"CSPFeedbacks"`
				}
				if ok, err := r.entry(j, &e); !ok || err != nil {
					return err
				}
				it := Item{Line: j.began, Value: e.Value.String(), Quality: -1}
				for _, f := range e.Feedbacks {
					for _, t := range f.Tags {
						it.Tags = append(it.Tags, t.String())
					}
				}
				return r.paged(it, e.Type.String(), e.Status.String(), e.Modified.String(), stopStatuses)
			})
		}
		return j.pass()
	})
	if err != nil {
		return err
	}
	if more.isTrue() {
		r.report.Next = next.String()
	}
	r.report.Checkpoint = checkpoint.String()
	return j.end()
}

var (
	stopStatuses = map[string]Status{"Received": Active, "Active": Active, "Withdrawn": Withdrawn, "Deleted": Withdrawn}
	metaStatuses = map[string]Status{"": Active, "MALICIOUS": Active, "SUSPICIOUS": Active, "UNKNOWN": Active, "NON_MALICIOUS": Harmless}
)

// paged adds to an item what all formats of pages say, each in its own words.
func (r *reading) paged(it Item, kind, status, at string, statuses map[string]Status) error {
	var ok bool
	if it.Type, ok = ParseType(kind); !ok {
		r.report.skip(SkipType, it.Line)
		return nil
	}
	if it.Status == "" {
		if it.Status, ok = statuses[status]; !ok {
			r.report.skip(SkipStatus, it.Line)
			return nil
		}
	}
	if it.Added, ok = parseTime(at); !ok {
		it.Added = fromUnix(at)
		if it.Added.IsZero() {
			r.report.skip(SkipTime, it.Line)
			return nil
		}
	}
	return r.take(it)
}

// threatExchange reads a page of threat_descriptors or of threat_updates.
func (r *reading) threatExchange(in io.Reader) error {
	j := newJSON(in)
	err := j.object(func(key string) error {
		switch key {
		case "paging":
			var p struct {
				Next    text `json:"next"`
				Cursors struct {
					After text `json:"after"`
				} `json:"cursors"`
			}
			if _, err := j.value(&p); err != nil {
				return err
			}
			r.report.Next, r.report.Checkpoint = p.Next.String(), p.Cursors.After.String()
			return nil
		case "data", "threat_updates":
			return j.array(r.descriptor(j))
		}
		return j.pass()
	})
	if err != nil {
		return err
	}
	return j.end()
}

func (r *reading) descriptor(j *jsonReader) func() error {
	return func() error {
		var e struct {
			ID        text `json:"id"`
			Raw       text `json:"raw_indicator"`
			Indicator any  `json:"indicator"` // a text in updates, an object elsewhere
			Type      text `json:"type"`
			Owner     struct {
				Name text `json:"name"`
				ID   text `json:"id"`
			} `json:"owner"`
			Status  text `json:"status"`
			Sever   text `json:"severity"`
			Tags    any  `json:"tags"`
			Added   text `json:"added_on"`
			Updated text `json:"last_updated"`
			Gone    text `json:"should_delete"`
		}
		if ok, err := r.entry(j, &e); !ok || err != nil {
			return err
		}
		it := Item{Line: j.began, ID: e.ID.String(), Value: e.Raw.String(), Quality: -1, Severity: e.Sever.String(), Source: e.Owner.Name.String(), Tags: tagsOf(e.Tags)}
		if it.Value == "" {
			it.Value, _ = e.Indicator.(string)
		}
		if it.Source == "" {
			it.Source = e.Owner.ID.String()
		}
		if e.Gone.isTrue() {
			it.Status = Withdrawn
		}
		at := e.Added
		if at == "" {
			at = e.Updated
		}
		return r.paged(it, e.Type.String(), e.Status.String(), at.String(), metaStatuses)
	}
}

// tagsOf reads tags as texts, as objects with a text, or as a page of those.
func tagsOf(v any) []string {
	var tags []string
	switch v := v.(type) {
	case map[string]any:
		if t, ok := v["text"].(string); ok {
			return []string{t}
		}
		return tagsOf(v["data"])
	case []any:
		for _, e := range v {
			if s, ok := e.(string); ok {
				tags = append(tags, s)
			} else {
				tags = append(tags, tagsOf(e)...)
			}
			if len(tags) > maxTags {
				break
			}
		}
	}
	return tags
}

// techAgainst reads a page of Tech Against Terrorism's hash list.
func (r *reading) techAgainst(in io.Reader) error {
	j := newJSON(in)
	err := j.object(func(key string) error {
		var v text
		switch key {
		case "next":
			_, err := j.value(&v)
			r.report.Next = v.String()
			return err
		case "checkpoint":
			_, err := j.value(&v)
			r.report.Checkpoint = v.String()
			return err
		case "results":
			return j.array(func() error {
				var e struct {
					ID       text `json:"id"`
					Digest   text `json:"hash_digest"`
					Kind     text `json:"algorithm"`
					Ideology text `json:"ideology"`
					File     text `json:"file_type"`
					Deleted  text `json:"deleted"`
					Created  text `json:"created_on"`
				}
				if ok, err := r.entry(j, &e); !ok || err != nil {
					return err
				}
				it := Item{Line: j.began, ID: e.ID.String(), Value: e.Digest.String(), Quality: -1, Category: e.Ideology.String(), Note: e.File.String(), Status: Active}
				if e.Deleted.isTrue() {
					it.Status = Withdrawn
				}
				return r.paged(it, e.Kind.String(), "", e.Created.String(), nil)
			})
		}
		return j.pass()
	})
	if err != nil {
		return err
	}
	return j.end()
}
