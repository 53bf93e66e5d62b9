// SPDX-License-Identifier: Apache-2.0

package web

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"lachan/duty/casework"
	"lachan/duty/detection"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/web/page"
)

func (s *Server) item(c *visit) error {
	p, err := s.itemPage(c, detection.DecideCommand{})
	if problem.Is(err, "detection/take-first") {
		return s.takeFirst(c)
	}
	if err != nil {
		return err
	}
	return c.show("detection/item", p)
}

// takeFirst shows what an item is without a word of it, and lets the reader
// take it: opening is an act of its own.
func (s *Server) takeFirst(c *visit) error {
	i, err := s.Detection.Peek(c.r.Context(), c.who.Actor, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	c.in("detection", itemCode(i.Number))
	p := page.TakeItem{Base: c.base, Row: c.reviewRow(i), Path: itemPath(i.ID) + "/take"}
	for _, r := range i.Reasons {
		p.Reasons = append(p.Reasons, c.reason(r))
	}
	return c.show("detection/take", p)
}

// itemPage opens an item for the reader; typed is what stands in the form of
// its verdict.
func (s *Server) itemPage(c *visit, typed detection.DecideCommand) (page.ReviewItem, error) {
	ctx := c.r.Context()
	u, err := s.Identity.Opened(ctx, c.who.Session)
	if err != nil {
		return page.ReviewItem{}, err
	}
	v, err := s.Detection.Open(ctx, c.who.Actor, u, c.r.PathValue("id"))
	if err != nil {
		return page.ReviewItem{}, err
	}
	ids := []string{v.By, v.SecondBy}
	for _, n := range v.Notes {
		ids = append(ids, n.By)
	}
	names, err := c.names(ids...)
	if err != nil {
		return page.ReviewItem{}, err
	}
	c.in("detection", itemCode(v.Number))
	p := page.ReviewItem{
		Base: c.base, Tabs: c.findTabs("queue"), ID: v.ID, Code: itemCode(v.Number), Tier: c.p.T(v.Tier.Key()), State: tierState(v.Tier),
		Label: c.p.T(detection.LabelKey(v.Label)), Kind: c.p.T(v.Kind.Key()), Found: v.Found, Address: defang(v.Address), Title: v.Title,
		Text: textParts(v.Text, v.Marks, func(label string) string { return c.p.T(detection.LabelKey(label)) }), Covered: v.Covered,
		Budget: c.budgetRows(v.Budget), Care: c.careForm(v.Care), Blur: v.Care.Blur, Starred: v.Starred, Open: v.State == detection.Waiting,
	}
	for _, r := range v.Reasons {
		p.Reasons = append(p.Reasons, c.reason(r))
	}
	p.Rules = c.ruleWhys(v.Rules)
	shown := c.query("show")
	for n, f := range v.Pictures {
		p.Pictures = append(p.Pictures, c.reviewPicture(v, n, f, shown == strconv.Itoa(n)))
	}
	for _, n := range v.Notes {
		p.Notes = append(p.Notes, page.ReviewNote{By: names[n.By], At: n.At, Text: n.Text})
	}
	for _, k := range v.Clusters {
		p.Clusters = append(p.Clusters, page.ReviewCluster{Kind: c.p.T(k.Kind.Key()), Value: string(k.Kind), Count: len(k.Items)})
	}
	p.Captured = v.Capture.Size > 0
	for _, r := range detection.SkipReasons() {
		p.Skips = append(p.Skips, page.Option{Value: r, Label: c.p.T("detection.skip." + nonEmpty(r, "none"))})
	}
	for _, l := range s.Detection.Labels() {
		p.Policy = append(p.Policy, page.KV{Key: c.p.T(l.Key()), Value: c.p.T("detection.policy." + l.ID)})
	}
	c.judged(v, names, &p)
	p.Form, err = c.verdictForm(v, typed)
	return p, err
}

// judged fills what is said of an item that has a verdict, or waits for the
// second.
func (c *visit) judged(v detection.View, names map[string]string, p *page.ReviewItem) {
	if v.State == detection.Waiting {
		return
	}
	verdict := c.p.T(v.Verdict.Key())
	what := verdict
	switch {
	case v.VLabel != "":
		what = verdict + ": " + c.p.T(detection.LabelKey(v.VLabel))
	case v.Why != "":
		what = verdict + ": " + c.p.T("detection.why."+v.Why)
	}
	if v.State == detection.Second {
		p.Two = &page.TwoPerson{ID: v.ID, Act: what, First: names[v.By], At: v.Decided, Mine: v.By == c.who.Actor.Person, Confirm: itemPath(v.ID) + "/agree"}
		return
	}
	p.Done = []page.KV{{Key: c.p.T("detection.done.verdict"), Value: what}, {Key: c.p.T("detection.done.by"), Value: joined(names[v.By], names[v.SecondBy])}, {Key: c.p.T("detection.done.at"), Value: c.p.DateTime(v.Decided)}}
	if v.Watch != detection.NotWatched {
		p.Done = append(p.Done, page.KV{Key: c.p.T("detection.done.page"), Value: c.p.T(v.Watch.Key())})
		if !v.Checked.IsZero() {
			p.Done = append(p.Done, page.KV{Key: c.p.T("detection.done.checked"), Value: c.p.DateTime(v.Checked)})
		}
	}
	if v.Case != "" && c.mayEnter("casework") {
		p.CaseHref = casePath(v.Case)
	}
}

func (c *visit) reviewPicture(v detection.View, n int, f detection.PictureFacts, shown bool) page.ReviewPicture {
	one := page.ReviewPicture{
		N: n, Size: c.p.T("detection.picture.size", "w", f.Width, "h", f.Height), Kept: f.Kept, Film: f.Film,
		Veil: itemPath(v.ID) + "/veil/" + strconv.Itoa(n),
	}
	if n < len(v.Alts) && !v.Covered {
		one.Alt = v.Alts[n]
	}
	if shown {
		one.Shown = itemPath(v.ID) + "/picture/" + strconv.Itoa(n)
	}
	if f.Known != "" {
		one.Known = c.p.T(detection.Verdict(f.Known).Key())
		if f.Label != "" {
			one.Known += ": " + c.p.T(detection.LabelKey(f.Label))
		}
		for _, r := range detection.RevealReasons() {
			one.Why = append(one.Why, page.Option{Value: r, Label: c.p.T("detection.reveal." + r)})
		}
	}
	return one
}

// verdictForm offers what the reader may decide.
func (c *visit) verdictForm(v detection.View, typed detection.DecideCommand) (page.VerdictForm, error) {
	may := c.may("casework.decide", authz.Resource{Type: "casework.case", Attrs: map[string]any{
		"units": []string{c.who.Actor.Unit}, "track": string(casework.TakedownTrack),
	}})
	f := page.VerdictForm{MayBlock: may, Domain: typed.Domain, Note: typed.Note, Until: typed.Wish.Until}
	for _, one := range detection.Verdicts() {
		if (one == detection.Block || one == detection.Takedown) && !may {
			continue
		}
		f.Verdicts = append(f.Verdicts, page.Option{Value: string(one), Label: c.p.T(one.Key()), Note: c.p.T("detection.verdict.note." + string(one)), On: one == typed.Verdict})
	}
	label := typed.Label
	if label == "" {
		label = v.Label
	}
	for _, l := range c.s.Detection.Labels() {
		f.Labels = append(f.Labels, page.Option{Value: l.ID, Label: c.p.T(l.Key()), On: l.ID == label})
	}
	for _, w := range detection.DismissReasons() {
		f.Whys = append(f.Whys, page.Option{Value: w, Label: c.p.T("detection.why." + w), On: w == typed.Why})
	}
	for _, k := range []casework.BlockKind{casework.BlockProvisional, casework.BlockEmergency} {
		f.Kinds = append(f.Kinds, page.Option{Value: string(k), Label: c.p.T(k.Key()), On: string(k) == typed.Wish.Kind})
	}
	f.Banks = []page.Option{{Label: c.p.T("detection.bank.none"), On: typed.Bank == ""}}
	banks, err := c.s.Detection.Banks(c.r.Context(), c.who.Actor)
	for _, b := range banks {
		if !detection.IsDecided(b.Name) {
			f.Banks = append(f.Banks, page.Option{Value: b.Name, Label: nonEmpty(b.Title, b.Name), On: b.Name == typed.Bank})
		}
	}
	return f, err
}

func (s *Server) decideItem(c *visit) error {
	ctx, id := c.r.Context(), c.r.PathValue("id")
	u, err := s.Identity.Opened(ctx, c.who.Session)
	if err != nil {
		return err
	}
	cmd := detection.DecideCommand{
		Item: id, Verdict: detection.Verdict(c.form("verdict")), Label: c.form("label"), Why: c.form("why"), Note: c.form("note"), Bank: c.form("bank"),
		Domain: strings.ToLower(c.form("domain")),
		Wish:   detection.Wish{Kind: nonEmpty(c.form("kind"), string(casework.BlockProvisional)), Basis: blockBasis, Until: c.form("until")},
	}
	if along := c.forms("along"); len(along) > 0 {
		v, err := s.Detection.Open(ctx, c.who.Actor, u, id)
		if err != nil {
			return s.backToQueue(c, err)
		}
		for _, k := range v.Clusters {
			if slices.Contains(along, string(k.Kind)) {
				for _, other := range k.Items {
					if !slices.Contains(cmd.Also, other) {
						cmd.Also = append(cmd.Also, other)
					}
				}
			}
		}
	}
	out, err := s.Detection.Decide(ctx, c.who.Actor, u, cmd)
	if err == nil {
		if out.Second {
			return c.done(queuePath, "flash.detection.second")
		}
		return c.done(queuePath, "flash.detection.judged")
	}
	if kind := problem.KindOf(err); kind != problem.Invalid {
		return s.backToQueue(c, err)
	}
	c.base.Problem = problem.From(err)
	p, failed := s.itemPage(c, cmd)
	if failed != nil {
		return failed
	}
	for n, k := range p.Clusters {
		p.Clusters[n].On = slices.Contains(c.forms("along"), k.Value)
	}
	return c.showFault("detection/item", p, err)
}

func (s *Server) agreeItem(c *visit) error {
	u, err := s.Identity.Opened(c.r.Context(), c.who.Session)
	if err != nil {
		return err
	}
	yes := c.form("go") == "confirm"
	if _, err := s.Detection.Agree(c.r.Context(), c.who.Actor, u, c.r.PathValue("id"), yes); err != nil {
		return s.backToQueue(c, err)
	}
	if yes {
		return c.done(queuePath, "flash.detection.judged")
	}
	return c.done(queuePath, "flash.detection.disagreed")
}

func (s *Server) takeItem(c *visit) error {
	if err := s.Detection.Take(c.r.Context(), c.who.Actor, c.r.PathValue("id")); err != nil {
		return s.backToQueue(c, err)
	}
	return c.redirect(itemPath(c.r.PathValue("id")))
}

// reveal charges the reader for a picture. The script asks for it while a
// button is held; without it the page comes back with the one picture open.
func (s *Server) reveal(c *visit) error {
	id := c.r.PathValue("id")
	u, err := s.Identity.Opened(c.r.Context(), c.who.Session)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(c.form("n"))
	if err != nil {
		return problem.New("authz/not-found")
	}
	err = s.Detection.Reveal(c.r.Context(), c.who.Actor, u, detection.RevealCommand{Item: id, Picture: n, Why: c.form("why")})
	if problem.KindOf(err) == problem.Invalid {
		c.base.Problem = problem.From(err)
		p, failed := s.itemPage(c, detection.DecideCommand{})
		if failed != nil {
			return failed
		}
		return c.showFault("detection/item", p, err)
	}
	if err != nil {
		return s.backToQueue(c, err)
	}
	return c.redirect(itemPath(id) + "?show=" + strconv.Itoa(n) + "#p" + strconv.Itoa(n))
}

func (s *Server) readWords(c *visit) error {
	if err := s.Detection.ReadWords(c.r.Context(), c.who.Actor, c.r.PathValue("id")); err != nil {
		return s.backToQueue(c, err)
	}
	return c.redirect(itemPath(c.r.PathValue("id")) + "#text")
}

func (s *Server) skipItem(c *visit) error {
	if err := s.Detection.Skip(c.r.Context(), c.who.Actor, c.r.PathValue("id"), c.form("reason")); err != nil {
		return err
	}
	return c.done(queuePath, "flash.detection.skipped")
}

func (s *Server) releaseItem(c *visit) error {
	if err := s.Detection.Release(c.r.Context(), c.who.Actor, c.r.PathValue("id")); err != nil {
		return err
	}
	return c.redirect(queuePath)
}

func (s *Server) starItem(c *visit) error {
	id := c.r.PathValue("id")
	if err := s.Detection.Star(c.r.Context(), c.who.Actor, id, c.form("on") == "1"); err != nil {
		return err
	}
	return c.redirect(itemPath(id))
}

func (s *Server) noteItem(c *visit) error {
	id := c.r.PathValue("id")
	err := s.Detection.AddNote(c.r.Context(), c.who.Actor, id, c.form("note"))
	if problem.KindOf(err) == problem.Invalid {
		c.base.Problem = problem.From(err)
		p, failed := s.itemPage(c, detection.DecideCommand{})
		if failed != nil {
			return failed
		}
		return c.showFault("detection/item", p, err)
	}
	if err != nil {
		return err
	}
	return c.redirect(itemPath(id) + "#notes")
}

func (s *Server) veil(c *visit) error {
	u, err := s.Identity.Opened(c.r.Context(), c.who.Session)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(c.r.PathValue("n"))
	if err != nil {
		return problem.New("authz/not-found")
	}
	data, err := s.Detection.Veil(c.r.Context(), c.who.Actor, u, c.r.PathValue("id"), n)
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "image/jpeg")
	_, err = c.w.Write(data)
	return err
}

func (s *Server) picture(c *visit) error {
	u, err := s.Identity.Opened(c.r.Context(), c.who.Session)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(c.r.PathValue("n"))
	if err != nil {
		return problem.New("authz/not-found")
	}
	r, err := s.Detection.Picture(c.r.Context(), c.who.Actor, u, c.r.PathValue("id"), n)
	if err != nil {
		return err
	}
	defer r.Close()
	c.w.Header().Set("Content-Type", "image/jpeg")
	_, err = io.Copy(c.w, r)
	return err
}

// capture hands out the sealed record of a page to a unit with a part in the
// item's case (?case=), and to nobody else.
func (s *Server) capture(c *visit) error {
	if err := c.fresh(); err != nil {
		return err
	}
	ctx := c.r.Context()
	u, err := s.Identity.Opened(ctx, c.who.Session)
	if err != nil {
		return err
	}
	units, err := s.Casework.ExhibitUnits(ctx, c.who.Actor, c.query("case"), c.r.PathValue("id"))
	if err != nil {
		return err
	}
	r, err := s.Detection.Capture(ctx, c.who.Actor, u, c.r.PathValue("id"), units)
	if err != nil {
		return err
	}
	defer r.Close()
	c.w.Header().Set("Content-Type", "application/warc")
	c.w.Header().Set("Content-Disposition", `attachment; filename="capture.warc.gz"`)
	_, err = io.Copy(c.w, r)
	return err
}

// defang breaks an address so that no click, and no program that reads the
// page, goes there.
func defang(address string) string {
	address = strings.Replace(address, "https://", "hxxps://", 1)
	address = strings.Replace(address, "http://", "hxxp://", 1)
	return strings.ReplaceAll(address, ".", "[.]")
}

// textParts cuts a text at its marks. Marks that overlap are shown by the
// first.
func textParts(text string, marks []detection.Mark, name func(label string) string) []page.TextPart {
	slices.SortStableFunc(marks, func(a, b detection.Mark) int { return a.From - b.From })
	var parts []page.TextPart
	at := 0
	for _, m := range marks {
		if m.From < at || m.To <= m.From || m.To > len(text) || !utf8.RuneStart(text[m.From]) || m.To < len(text) && !utf8.RuneStart(text[m.To]) {
			continue
		}
		if m.From > at {
			parts = append(parts, page.TextPart{Text: text[at:m.From]})
		}
		parts = append(parts, page.TextPart{Text: text[m.From:m.To], Label: name(m.Label)})
		at = m.To
	}
	if at < len(text) {
		parts = append(parts, page.TextPart{Text: text[at:]})
	}
	return parts
}

func nonEmpty(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
