// SPDX-License-Identifier: Apache-2.0

package web

import (
	"cmp"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"lachan/duty/detection"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/web/page"
)

const textModelsPath = "/detection/model"

func textModelPath(id string) string { return textModelsPath + "/" + id }

func modelCode(n int64) string { return "M-" + strconv.FormatInt(n, 10) }

// textModelRoutes is what reads texts: the shipped model, those that learnt from
// verdicts, and how a new one compares.
//
// Clauses: 5.2
func (s *Server) textModelRoutes() []Route {
	find := []string{"5.2"}
	one := textModelsPath + "/{id}"
	return []Route{
		{Method: http.MethodGet, Path: textModelsPath, Clauses: find, Do: s.textModels},
		{Method: http.MethodPost, Path: textModelsPath + "/learn", Clauses: find, Do: s.learnModel},
		{Method: http.MethodGet, Path: one, Clauses: find, Do: s.textModel},
		{Method: http.MethodPost, Path: one + "/use", Clauses: find, Do: s.useModel},
		{Method: http.MethodPost, Path: one + "/back", Clauses: find, Do: s.modelBack},
	}
}

func (s *Server) textModels(c *visit) error {
	p, err := s.textModelsPage(c)
	if err != nil {
		return err
	}
	return c.show("detection/models", p)
}

func (s *Server) textModelsPage(c *visit) (page.TextModels, error) {
	all, err := s.Detection.Models(c.r.Context(), c.who.Actor)
	if err != nil {
		return page.TextModels{}, err
	}
	shipped, err := detection.ShippedModel()
	if err != nil {
		return page.TextModels{}, err
	}
	var people []string
	var past []detection.Model
	for _, l := range all {
		past = append(past, l.Past...)
		if l.Live != nil {
			people = append(people, l.Live.UsedBy)
		}
	}
	slices.SortFunc(past, func(a, b detection.Model) int { return cmp.Compare(b.Number, a.Number) })
	names, err := c.names(people...)
	if err != nil {
		return page.TextModels{}, err
	}
	c.in("detection", c.p.T("detection.tab.model"))
	p := page.TextModels{Base: c.base, Tabs: c.findTabs("model"), May: c.mayFind("detection.model"), Shipped: c.shippedModel(shipped)}
	for _, l := range all {
		row := page.TextModelRow{
			Label: c.p.T(detection.LabelKey(l.Label)), Value: l.Label, Shipped: slices.Contains(shipped.Labels, l.Label),
			Counts: c.p.T("detection.model.counts", "yes", l.Counts.Yes, "no", l.Counts.No),
		}
		if l.Live != nil || l.Candidate != nil || len(l.Past) > 0 {
			row.New = c.p.T("detection.model.new", "n", l.Counts.SinceYes+l.Counts.SinceNo)
		}
		if !l.Counts.Enough() {
			row.Missing = c.p.T("detection.model.missing", "yes", l.Counts.MissingYes, "no", l.Counts.MissingNo)
		}
		if l.Live != nil {
			row.Live = c.modelLine(*l.Live, c.p.T("detection.model.since", "date", c.p.Date(l.Live.Used), "by", names[l.Live.UsedBy]))
		}
		if l.Candidate != nil {
			row.Candidate = c.modelLine(*l.Candidate, c.reasonOf(*l.Candidate))
			row.Candidate.Good = l.Better
		}
		p.Rows = append(p.Rows, row)
	}
	for _, m := range past {
		p.Past = append(p.Past, *c.modelLine(m, c.p.T("detection.model.line", "state", c.p.T(m.State.Key()), "date", c.p.Date(m.Made))))
	}
	return p, nil
}

func (c *visit) modelLine(m detection.Model, note string) *page.TextModelLine {
	return &page.TextModelLine{Href: textModelPath(m.ID), Code: modelCode(m.Number), Label: c.p.T(detection.LabelKey(m.Label)), Note: note}
}

// shippedModel says what the shipped model is and what it was measured on.
func (c *visit) shippedModel(m detection.Shipped) []page.KV {
	var labels []string
	for _, l := range m.Labels {
		labels = append(labels, c.p.T(detection.LabelKey(l)))
	}
	return []page.KV{
		{Key: c.p.T("detection.model.reads"), Value: strings.Join(labels, "; ")},
		{Key: c.p.T("detection.model.from"), Value: c.p.T("detection.model.shipped.from", "n", m.Texts, "origin", m.Origin)},
		{Key: c.p.T("detection.model.licence"), Value: m.Licence},
		{Key: c.p.T("detection.model.measured"), Value: c.p.T("detection.model.shipped.measured", "score", c.p.Decimal(100*m.Score, 1))},
		{Key: c.p.T("detection.model.alone"), Value: c.p.T("detection.model.shipped.alone")},
	}
}

// learnModel trains within the request: some seconds, a minute at most.
func (s *Server) learnModel(c *visit) error {
	u, err := s.Identity.Opened(c.r.Context(), c.who.Session)
	if problem.Is(err, "identity/locked") {
		return c.redirect("/unlock?next=" + url.QueryEscape(textModelsPath))
	}
	if err != nil {
		return err
	}
	m, err := s.Detection.Candidate(c.r.Context(), c.who.Actor, u, c.form("label"), nil)
	if err == nil {
		return c.done(textModelPath(m.ID), "flash.detection.model-made")
	}
	return s.modelsAgain(c, err)
}

// modelsAgain shows the page with what stood in the way.
func (s *Server) modelsAgain(c *visit, err error) error {
	if kind := problem.KindOf(err); kind != problem.Conflict && kind != problem.Unavailable {
		return err
	}
	c.base.Problem = problem.From(err)
	p, failed := s.textModelsPage(c)
	if failed != nil {
		return failed
	}
	return c.showFault("detection/models", p, err)
}

func (s *Server) useModel(c *visit) error {
	id := c.r.PathValue("id")
	if err := s.Detection.PutToUse(c.r.Context(), c.who.Actor, id); err != nil {
		return s.modelsAgain(c, err)
	}
	return c.done(textModelPath(id), "flash.detection.model-used")
}

func (s *Server) modelBack(c *visit) error {
	if err := s.Detection.TakeBack(c.r.Context(), c.who.Actor, c.r.PathValue("id"), c.form("none") == "1"); err != nil {
		return s.modelsAgain(c, err)
	}
	return c.done(textModelsPath, "flash.detection.model-back")
}

func (s *Server) textModel(c *visit) error {
	v, err := s.Detection.Model(c.r.Context(), c.who.Actor, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	names, err := c.names(v.By, v.UsedBy, v.EndedBy)
	if err != nil {
		return err
	}
	label := c.p.T(detection.LabelKey(v.Label))
	c.in("detection", modelCode(v.Number))
	p := page.TextModelPage{
		Base: c.base, Tabs: c.findTabs("model"), Href: textModelPath(v.ID), Code: modelCode(v.Number), Label: label, State: c.p.T(v.State.Key()),
		Good: v.Comparison.Better, Answer: c.reasonOf(v.Model), Plain: c.compared(v), Facts: c.modelFacts(v, names),
		May: c.mayFind("detection.model"), Use: v.MayUse, Live: v.State == detection.ModelLive,
	}
	switch {
	case v.State != detection.ModelCandidate:
		p.Answer, p.Then = p.State, c.p.T("detection.model.then.was", "reason", p.Answer)
	case v.MayUse:
		p.Then = c.p.T("detection.model.then.use")
	default:
		p.Then = c.p.T("detection.model.then.not")
	}
	if v.BeforeNumber > 0 {
		p.Back = modelCode(v.BeforeNumber)
	}
	for n, l := range v.Comparison.Labels {
		row := page.TextModelMeasure{Label: label, N: l.N}
		if n == 0 {
			row.Label = c.p.T("detection.model.rest")
		}
		if detection.SayShare(l) {
			row.After = [3]string{c.ofHundred(l.Candidate.Precision), c.ofHundred(l.Candidate.Recall), c.ofHundred(l.Candidate.F1)}
			if v.Parent != "" {
				row.Before = [3]string{c.ofHundred(l.Current.Precision), c.ofHundred(l.Current.Recall), c.ofHundred(l.Current.F1)}
			}
		} else {
			p.Few = c.p.T("detection.model.few", "least", detection.FewHeld)
		}
		p.Rows = append(p.Rows, row)
	}
	return c.show("detection/model", p)
}

// reasonOf says why a model was better, or was not.
func (c *visit) reasonOf(m detection.Model) string {
	if m.Comparison.Better && m.Parent == "" {
		return c.p.T("detection.model.better.first")
	}
	return c.p.T(m.Comparison.Reason.Key())
}

func (c *visit) ofHundred(share float64) string { return c.p.Decimal(100*share, 0) }

// compared is the comparison in sentences.
func (c *visit) compared(v detection.ModelView) []string {
	k := v.Comparison
	held := c.p.T("detection.model.held.first", "n", k.N)
	if v.Parent != "" {
		held = c.p.T("detection.model.held", "n", k.N, "parent", modelCode(v.ParentNumber))
	}
	return []string{
		held,
		c.p.T("detection.model.changed", "mended", k.Mended, "broken", k.Broken),
		c.p.T("detection.model.luck", "n", int(math.Ceil(1000*k.McNemar))),
		c.p.T("detection.model.fixed", "n", k.Fixed, "before", k.FixedCurrentWrong, "after", k.FixedCandidateWrong),
	}
}

// modelFacts says where a model is from and how it speaks.
func (c *visit) modelFacts(v detection.ModelView, names map[string]string) []page.KV {
	alone := c.p.T("detection.model.alone.no", "share", c.ofHundred(v.Threshold))
	if v.Lists {
		alone = c.p.T("detection.model.alone.yes", "share", c.ofHundred(v.Threshold))
	}
	facts := []page.KV{
		{Key: c.p.T("detection.model.from"), Value: c.p.T("detection.model.verdicts", "yes", v.From.Yes, "no", v.From.No, "from", c.p.Date(v.From.From), "to", c.p.Date(v.From.To))},
		{Key: c.p.T("detection.model.two"), Value: c.p.Int(int64(v.From.Two))},
		{Key: c.p.T("detection.model.licence"), Value: c.p.T("detection.model.licence." + v.From.Licence)},
		{Key: c.p.T("detection.model.made"), Value: joined(c.p.DateTime(v.Made), names[v.By])},
		{Key: c.p.T("detection.model.alone"), Value: alone},
	}
	if v.From.Unread > 0 {
		facts = append(facts, page.KV{Key: c.p.T("detection.model.unread"), Value: c.p.Int(int64(v.From.Unread))})
	}
	if !v.Used.IsZero() {
		facts = append(facts, page.KV{Key: c.p.T("detection.model.used"), Value: joined(c.p.DateTime(v.Used), names[v.UsedBy])})
	}
	if !v.Ended.IsZero() {
		facts = append(facts, page.KV{Key: c.p.T("detection.model.ended"), Value: joined(c.p.DateTime(v.Ended), names[v.EndedBy])})
	}
	return facts
}

// keepsModels asks whether the reader would keep models where his unit reviews.
func (c *visit) keepsModels() bool {
	return c.may("detection.model", authz.Resource{Type: "detection.model", Attrs: map[string]any{"unit": c.who.Actor.Unit}})
}

// offerModels notes the unlock of a model keeper: learning is offered at the
// first of a day.
func (s *Server) offerModels(c *visit) error {
	if !c.keepsModels() {
		return nil
	}
	return s.Detection.OfferModels(c.r.Context(), c.who.Actor)
}

// workModels shows a model keeper what there is to learn, on the day of the
// unlock at which it was offered.
func (s *Server) workModels(c *visit, p *page.Work) error {
	if !c.keepsModels() {
		return nil
	}
	offers, err := s.Detection.Offered(c.r.Context(), c.who.Actor)
	for _, o := range offers {
		p.Learn = append(p.Learn, page.WaitRow{
			Title: c.p.T("detection.model.offer", "label", c.p.T(detection.LabelKey(o.Label))), Note: c.p.T("detection.model.offer.note", "all", o.All, "yes", o.Yes),
			Href: textModelsPath + "#" + o.Label, Act: c.p.T("detection.model.offer.act"), State: "ok",
		})
	}
	return err
}
