// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// intakeDraft is a report that is scored and routed: all that remains is the
// transaction, which seals it.
type intakeDraft struct {
	report   *reportRow
	row      *caseRow
	score    Score
	facts    Facts
	hashes   []Address // Value is the keyed hash
	names    []Name    // of the public's reports
	links    map[string]string
	linked   int
	excluded []exclusionRow
	rescue   []string // emergency recipients
	letters  []letter
	clocks   []Clock
	tracks   []Track
	at       time.Time
}

// prepare does in memory, before the transaction, whatever needs the words:
// addresses, score, exclusions, and the letters to be sealed.
func (s *Service) prepare(ctx context.Context, cmd *ReceiveCommand, receipt receipt) (*intakeDraft, error) {
	now := s.now()
	in := &intakeDraft{at: now, links: map[string]string{}}
	in.facts = cmd.facts(s.cues)
	in.facts.ReporterID = s.reporterID(cmd)
	told := map[string]string{} // domains by their keyed hash
	for _, a := range AddressesIn(s.Registrable, cmd.URL, cmd.Account, cmd.ReportedPhone, cmd.Words, cmd.More) {
		h := s.hash(a.Kind, a.Value)
		in.hashes = append(in.hashes, Address{a.Kind, h})
		if a.Kind == "domain" && cmd.Channel != string(Discovery) {
			told[h] = a.Value
		}
	}
	in.facts.Addresses = len(in.hashes)
	if err := s.findPriors(ctx, in, told); err != nil {
		return nil, err
	}
	in.score = s.scoreOf(in.facts)
	owner, err := s.route(ctx, cmd, in)
	if err != nil {
		return nil, err
	}
	public, err := receipt.public()
	if err != nil {
		return nil, err
	}
	in.report = &reportRow{
		ID: id.New(), ReceiptHash: receipt.lookup, ReporterKey: public, ReporterID: in.facts.ReporterID,
		Received: now, Channel: Channel(cmd.Channel), Reporter: ReporterKind(cmd.Who), Harms: in.facts.Harms, Age: cmd.Age,
		Relation: Relation(cmd.Relation), Danger: Answer(cmd.Danger), StillWith: Answer(cmd.StillWith), Contact: Contact(cmd.Contact),
		Lang: cmd.Lang,
	}
	for _, m := range cmd.Mediums {
		in.report.Mediums = append(in.report.Mediums, Medium(m))
	}
	in.row = &caseRow{
		ID: id.New(), Received: now, State: StateNew, Owner: owner, Score: int64(in.score.Points), Tier: in.score.Tier,
		Floor: in.score.Floor, Harms: in.report.Harms, Mediums: in.report.Mediums, Ages: in.facts.Ages, Relation: in.report.Relation,
		Channel: in.report.Channel, Place: cmd.Place, Contact: in.report.Contact, Reports: 1, Version: 1,
	}
	if in.score.Emergency() {
		in.row.State, in.row.Urgent, in.row.UrgentAt = StateEmergency, true, now
	}
	in.report.Case = in.row.ID
	in.tracks = firstTracks(in.facts, len(in.hashes) > 0 && cmd.URL != "")
	if err := s.intakeClocks(in); err != nil {
		return nil, err
	}
	return in, pack(cmd, in)
}

// scoreOf never fails: a fault in scoring leaves the report urgent, for a
// person, and not at the bottom of the queue.
func (s *Service) scoreOf(f Facts) (score Score) {
	defer func() {
		if recover() != nil {
			score = s.weights.FailSafeScore()
		}
	}()
	return s.weights.Score(f)
}

// reporterID tells one reporter from another without knowing either: the
// keyed hash of a number where one was given, else who told and how. Ten
// anonymous reports of the same kind count as one person.
func (s *Service) reporterID(cmd *ReceiveCommand) string {
	if phone := CanonicalPhone(cmd.ReporterPhone); phone != "" {
		return s.hash("reporter", phone)
	}
	return "kind:" + cmd.Channel + "/" + cmd.Who + "/" + cmd.Age
}

// findPriors reads what is known about the same addresses. An address or an
// account links; a domain alone says too little, and is counted by who told of
// it. told are the domains that the report names, by their keyed hash.
func (s *Service) findPriors(ctx context.Context, in *intakeDraft, told map[string]string) error {
	seen := map[string]bool{}
	for _, h := range in.hashes {
		rows, err := sqldb.All(ctx, s.DB.Read(), hashPriors, scanPrior, h.Value)
		if err != nil {
			return err
		}
		if domain := told[h.Value]; h.Kind == "domain" && domain != "" {
			in.names = append(in.names, Name{Domain: domain, Reporters: reporters(in.facts.ReporterID, rows)})
		}
		for _, r := range rows {
			if r.Kind == "domain" || r.Kind != h.Kind {
				continue
			}
			in.facts.Prior = append(in.facts.Prior, Prior{Reporter: r.Reporter, Unfounded: r.Expired || r.Outcome.Unfounded()})
			if r.Expired {
				continue
			}
			if _, twice := in.links[r.Case]; !twice {
				in.links[r.Case] = r.Kind
			}
			if !seen[r.Case] {
				seen[r.Case] = true
				in.linked++
			}
		}
	}
	return nil
}

// reporters counts who told of a domain: this reporter, and those of earlier
// reports that stand. What another duty found was told by nobody.
func reporters(this string, rows []priorRow) int {
	all := map[string]bool{this: true}
	for _, r := range rows {
		if r.Kind == "domain" && !r.Expired && !r.Outcome.Unfounded() && !strings.HasPrefix(r.Reporter, "kind:"+string(Discovery)+"/") {
			all[r.Reporter] = true
		}
	}
	return len(all)
}

// route finds who receives: the duty unit, or one level up from every unit
// that the report is about.
func (s *Service) route(ctx context.Context, cmd *ReceiveCommand, in *intakeDraft) (string, error) {
	for _, u := range cmd.AboutUnits {
		in.excluded = append(in.excluded, exclusionRow{excludedUnit, u, "told"})
	}
	if s.Staff != nil {
		for _, h := range in.hashes {
			if h.Kind != "phone" {
				continue
			}
			people, err := s.Staff.PersonsByPhone(ctx, h.Value)
			if err != nil {
				return "", err
			}
			for _, p := range people {
				in.excluded = append(in.excluded, exclusionRow{excludedPerson, p, "phone"})
			}
		}
	}
	owner, err := s.Units.DutyUnit(ctx, in.at)
	if err != nil {
		return "", err
	}
	if owner, err = s.clear(ctx, owner, in.excluded, in.at); err != nil {
		return "", err
	}
	if in.score.Emergency() {
		all, err := s.Units.EmergencyRecipients(ctx, cmd.Place, in.at)
		if err != nil {
			return "", err
		}
		for _, u := range all {
			if u != owner && !excludes(in.excluded, u) && !slices.Contains(in.rescue, u) {
				in.rescue = append(in.rescue, u)
			}
		}
	}
	return owner, nil
}

// clear goes up from unit until it stands on one that is not excluded.
func (s *Service) clear(ctx context.Context, unit string, excluded []exclusionRow, at time.Time) (string, error) {
	for hops := 0; unit != "" && excludes(excluded, unit) && hops < 10; hops++ {
		above, err := s.Units.Above(ctx, unit, at)
		if err != nil {
			return "", err
		}
		unit = above
	}
	if unit == "" || excludes(excluded, unit) {
		return "", problem.New("casework/nobody-to-receive")
	}
	return unit, nil
}

func excludes(list []exclusionRow, unit string) bool {
	return slices.ContainsFunc(list, func(e exclusionRow) bool { return e.Kind == excludedUnit && e.Subject == unit })
}

func (s *Service) intakeClocks(in *intakeDraft) error {
	add := func(purpose string, t Track) error {
		clocks, err := s.newClocks(in.row.ID, purpose, "receipt", t, in.at)
		in.clocks = append(in.clocks, clocks...)
		return err
	}
	err := add("intake", NoTrack)
	if in.row.Urgent && err == nil {
		err = add("emergency", NoTrack)
	}
	for _, t := range in.tracks {
		if err == nil {
			err = add(string(t), t)
		}
	}
	in.row.RankDue, in.row.SoonAt = rankOf(in.clocks)
	return err
}

// pack makes the letters that admit seals: one a group, each for those whose
// mask shows it.
func pack(cmd *ReceiveCommand, in *intakeDraft) error {
	for group, v := range cmd.letters() {
		plain, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("casework: %w", err)
		}
		l := letter{object: in.report.ID, group: group, units: []string{in.row.Owner}, plain: plain}
		if slices.Contains(emergencyGroups(), group) {
			l.units = append(l.units, in.rescue...)
		}
		if group == Narrative {
			l.reporter = in.report.ReporterKey
		}
		in.report.Groups = append(in.report.Groups, group)
		in.letters = append(in.letters, l)
	}
	return nil
}

// hash is a keyed hash that confirms no guess without the hub's secret.
func (s *Service) hash(purpose, value string) string {
	return s.Vault.Secrets().KeyedHash("casework."+purpose, value)
}
