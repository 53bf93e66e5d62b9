// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"lachan/internal/problem"
)

// NodeKey is a node's own key pair. The seed stays on the node's disk.
type NodeKey struct{ pair nkeys.KeyPair }

// NewNodeKey makes one.
func NewNodeKey() (NodeKey, error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return NodeKey{}, fmt.Errorf("bus: %w", err)
	}
	return NodeKey{pair}, nil
}

// ParseNodeKey reads what Seed gave.
func ParseNodeKey(seed []byte) (NodeKey, error) {
	kind, _, err := nkeys.DecodeSeed(seed)
	if err != nil || kind != nkeys.PrefixByteUser {
		return NodeKey{}, problem.New("bus/bad-node-key")
	}
	pair, err := nkeys.FromSeed(seed)
	if err != nil {
		return NodeKey{}, problem.New("bus/bad-node-key")
	}
	return NodeKey{pair}, nil
}

// Seed is the secret half.
func (k NodeKey) Seed() ([]byte, error) { return k.pair.Seed() }

// Public is the half that the hub signs at enrolment.
func (k NodeKey) Public() (string, error) { return k.pair.PublicKey() }

// NodeConfig is how a node reaches its hub.
type NodeConfig struct {
	URLs    []string // nats://, tls:// or wss://
	Node    string   // the node's id
	JWT     string   // from the enrolment
	Key     NodeKey
	Schools []string
	RootCAs []string // files in PEM with the authorities to trust; empty: the system's
}

// Events are called one after another when the hub says something; they must
// not wait for the bus themselves. A nil one is left out.
type Events struct {
	Connected func() // also after every reconnection: time to ask what was missed
	Heartbeat func(Heartbeat)
	Bundle    func() // there is a new bundle: time to ask for whom
	Delta     func(sealed []byte)
	Side      func(school string, sealed []byte)
}

// Conn is a node's end. It connects, and connects again, by itself.
type Conn struct {
	conn *nats.Conn
	node string
}

// Dial returns at once, connected or not: a node starts and filters without
// its hub.
func Dial(cfg NodeConfig, on Events) (*Conn, error) {
	connected := func(*nats.Conn) {
		if on.Connected != nil {
			on.Connected()
		}
	}
	opts := []nats.Option{
		nats.Name(cfg.Node), nats.CustomInboxPrefix(inbox(cfg.Node)),
		nats.UserJWT(func() (string, error) { return cfg.JWT, nil }, cfg.Key.pair.Sign),
		nats.MaxReconnects(-1), nats.ReconnectWait(time.Second), nats.ReconnectJitter(time.Second, 2*time.Second),
		nats.RetryOnFailedConnect(true), nats.IgnoreAuthErrorAbort(),
		nats.PingInterval(20 * time.Second), nats.MaxPingsOutstanding(2),
		nats.ConnectHandler(connected), nats.ReconnectHandler(connected),
		// What fails is seen by its effect, a missing heartbeat or reply; the
		// default handler would print to the terminal.
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}
	if len(cfg.RootCAs) > 0 {
		opts = append(opts, nats.RootCAs(cfg.RootCAs...))
	}
	conn, err := nats.Connect(strings.Join(cfg.URLs, ","), opts...)
	if err != nil {
		return nil, problem.New("bus/unreachable").Wrap(err)
	}
	c := &Conn{conn: conn, node: cfg.Node}
	if err := c.listen(cfg.Schools, on); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

func (c *Conn) listen(schools []string, on Events) error {
	hear := func(subject string, f func(*nats.Msg)) error {
		if _, err := c.conn.Subscribe(subject, f); err != nil {
			return problem.New("bus/unreachable").Wrap(err)
		}
		return nil
	}
	err := hear(subjectBundles, func(m *nats.Msg) {
		switch m.Subject {
		case SubjectDelta:
			if on.Delta != nil {
				on.Delta(m.Data)
			}
		case SubjectHeartbeat, SubjectNew:
			h, err := read[Heartbeat](m.Data)
			switch {
			case err != nil: // the next beat says it again
			case m.Subject == SubjectNew && on.Bundle != nil:
				on.Bundle()
			case m.Subject == SubjectHeartbeat && on.Heartbeat != nil:
				on.Heartbeat(h)
			}
		}
	})
	for _, s := range schools {
		if err == nil {
			err = hear(SubjectSide(s), func(m *nats.Msg) {
				if on.Side != nil {
					on.Side(s, m.Data)
				}
			})
		}
	}
	return err
}

// Connected reports whether the hub can be reached at this moment.
func (c *Conn) Connected() bool { return c.conn.IsConnected() }

// Close leaves the bus.
func (c *Conn) Close() { c.conn.Close() }

func (c *Conn) request(ctx context.Context, verb string, body any) ([]byte, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	m, err := c.conn.RequestWithContext(ctx, subjectRequest(c.node, verb), data)
	if err != nil {
		return nil, problem.New("bus/unreachable").Wrap(err)
	}
	if code := m.Header.Get(problemHeader); code != "" {
		return nil, problem.New("bus/hub-refused", "code", code).Wrap(problem.New(code))
	}
	return m.Data, nil
}

// State asks how far the hub is, without waiting for its heartbeat.
func (c *Conn) State(ctx context.Context) (Heartbeat, error) {
	data, err := c.request(ctx, verbState, nil)
	if err != nil {
		return Heartbeat{}, err
	}
	return read[Heartbeat](data)
}

// Chunk fetches a piece of a bundle; number 0 is the newest.
func (c *Conn) Chunk(ctx context.Context, number, offset uint64) (Chunk, error) {
	data, err := c.request(ctx, verbChunk, ChunkRequest{Number: number, Offset: offset})
	if err != nil {
		return Chunk{}, err
	}
	chunk, err := decodeChunk(data)
	if err == nil && (chunk.Offset != offset || number != 0 && chunk.Number != number) {
		return Chunk{}, problem.New("bus/bad-reply")
	}
	return chunk, err
}

// Patch fetches a piece of what turns one bundle into another.
func (c *Conn) Patch(ctx context.Context, from, to, offset uint64) (Chunk, error) {
	data, err := c.request(ctx, verbPatch, PatchRequest{From: from, To: to, Offset: offset})
	if err != nil {
		return Chunk{}, err
	}
	chunk, err := decodeChunk(data)
	if err == nil && (chunk.Offset != offset || chunk.Number != to) {
		return Chunk{}, problem.New("bus/bad-reply")
	}
	return chunk, err
}

// DeltasAfter fetches sealed deltas from after+1 on; fewer than there are if
// they are many, so ask again until none comes.
func (c *Conn) DeltasAfter(ctx context.Context, after uint64) ([][]byte, error) {
	data, err := c.request(ctx, verbDeltas, after)
	if err != nil {
		return nil, err
	}
	return decodeRun(data)
}

// KeyLists fetches the sealed lists of signing keys behind a number, in order.
func (c *Conn) KeyLists(ctx context.Context, after uint64) ([][]byte, error) {
	data, err := c.request(ctx, verbKeys, after)
	if err != nil {
		return nil, err
	}
	return decodeRun(data)
}

// Side fetches the sealed side file of a school.
func (c *Conn) Side(ctx context.Context, school string) ([]byte, error) {
	return c.request(ctx, verbSide, school)
}

// SendCounts returns nil once the hub has committed the batch.
func (c *Conn) SendCounts(ctx context.Context, counts Counts) error {
	_, err := c.request(ctx, verbCounts, counts)
	return err
}

// SendHealth returns nil once the hub has noted it.
func (c *Conn) SendHealth(ctx context.Context, h Health) error {
	_, err := c.request(ctx, verbHealth, h)
	return err
}

// SendAsk returns nil once the hub has the wish.
func (c *Conn) SendAsk(ctx context.Context, a Ask) error {
	_, err := c.request(ctx, verbAsk, a)
	return err
}
