// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"lachan/internal/problem"
)

// HeartbeatEvery is the pace of the hub's heartbeat.
const HeartbeatEvery = 2 * time.Second

// InProcess is a server in this process (natsd.Server is one).
type InProcess interface {
	InProcessConn() (net.Conn, error)
}

// Config says which server to use: InProcess or URLs.
type Config struct {
	InProcess InProcess            // the embedded server; nil for an external one
	URLs      []string             // of the external server or cluster
	RootCAs   []string             // files in PEM for its certificate; empty: the system's
	Keys      Keys                 // the same on all hubs
	Revoked   map[string]time.Time // nodes shut out, by public key, from the database
	Logger    *slog.Logger
}

// Hub is what answers the nodes' requests. node is the id that the server has
// proven. An error that is a problem reaches the node by its code, any other
// as "internal/unexpected"; the node tries again later.
type Hub interface {
	// State reads the highest numbers from the database, for the heartbeat and
	// for a node that has just connected.
	State(ctx context.Context) (Heartbeat, error)
	// BundleChunk reads a piece of a bundle file (see ReadChunk).
	BundleChunk(ctx context.Context, node string, r ChunkRequest) (Chunk, error)
	// BundlePatch reads a piece of what turns one bundle into another.
	BundlePatch(ctx context.Context, node string, r PatchRequest) (Chunk, error)
	// DeltasAfter gives sealed deltas from after+1 on, in order, as many as it likes.
	DeltasAfter(ctx context.Context, node string, after uint64) ([][]byte, error)
	// Side gives the sealed side file of a school, if the node serves it.
	Side(ctx context.Context, node, school string) ([]byte, error)
	// KeyLists gives the sealed lists of signing keys from after+1 on, in order.
	KeyLists(ctx context.Context, node string, after uint64) ([][]byte, error)
	// Counts returns nil only once the batch is committed; a batch that was
	// there already is nil too.
	Counts(ctx context.Context, node string, c Counts) error
	// Health notes what the node says of itself.
	Health(ctx context.Context, node string, h Health) error
	// Ask puts a wish to the school, or joins it to the same wish.
	Ask(ctx context.Context, node string, a Ask) error
}

// Bus is the hub's end.
type Bus struct {
	conn    *nats.Conn
	cfg     Config
	log     *slog.Logger
	mu      sync.Mutex // guards revoked
	revoked map[string]time.Time
	serving sync.WaitGroup
}

// Open connects the hub.
func Open(ctx context.Context, cfg Config) (*Bus, error) {
	b := &Bus{cfg: cfg, log: cfg.Logger, revoked: maps.Clone(cfg.Revoked)}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	if b.revoked == nil {
		b.revoked = map[string]time.Time{}
	}
	var err error
	b.conn, err = b.connect(ctx, cfg.Keys.account, "hub")
	return b, err
}

// connect makes a user of its own for this run and joins the given account.
func (b *Bus) connect(ctx context.Context, account nkeys.KeyPair, name string) (*nats.Conn, error) {
	me, err := nkeys.CreateUser()
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	public, err := me.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	token, err := user(account, public, name, nil)
	if err != nil {
		return nil, err
	}
	opts := []nats.Option{
		nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectWait(time.Second),
		nats.UserJWT(func() (string, error) { return token, nil }, me.Sign),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			b.log.LogAttrs(context.Background(), slog.LevelWarn, "bus error", slog.String("error", err.Error()))
		}),
	}
	if deadline, ok := ctx.Deadline(); ok {
		opts = append(opts, nats.Timeout(time.Until(deadline)))
	}
	if len(b.cfg.RootCAs) > 0 {
		opts = append(opts, nats.RootCAs(b.cfg.RootCAs...))
	}
	if b.cfg.InProcess != nil {
		opts = append(opts, nats.InProcessServer(b.cfg.InProcess))
	}
	conn, err := nats.Connect(strings.Join(b.cfg.URLs, ","), opts...)
	if err != nil {
		return nil, problem.New("bus/unreachable").Wrap(err)
	}
	return conn, nil
}

// Enrol signs the user JWT with which the node of that key may connect: it
// speaks under its id only, and hears bundles and its schools' side files.
func (b *Bus) Enrol(nodeID, nodePublicKey string, schoolIDs []string) (userJWT string, err error) {
	return b.cfg.Keys.nodeToken(nodeID, nodePublicKey, schoolIDs)
}

// Revoke shuts a node out now, everywhere; its connection is cut. The caller
// has written it down first, so that Config.Revoked holds it at the next start.
func (b *Bus) Revoke(ctx context.Context, nodePublicKey string, at time.Time) error {
	if !nkeys.IsValidPublicUserKey(nodePublicKey) {
		return problem.New("bus/bad-node-key")
	}
	b.mu.Lock()
	b.revoked[nodePublicKey] = at
	pub, token, err := b.cfg.Keys.accountJWT(b.revoked)
	b.mu.Unlock()
	if err != nil {
		return err
	}
	system, err := b.connect(ctx, b.cfg.Keys.system, "hub-system")
	if err != nil {
		return err
	}
	defer system.Close()
	reply, err := system.RequestWithContext(ctx, "$SYS.REQ.ACCOUNT."+pub+".CLAIMS.UPDATE", []byte(token))
	if err != nil {
		return problem.New("bus/unreachable").Wrap(err)
	}
	var answer struct {
		Error *struct {
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(reply.Data, &answer); err != nil || answer.Error != nil {
		return problem.New("bus/not-revoked").Wrap(fmt.Errorf("server said %s", reply.Data))
	}
	return nil
}

// PublishDelta sends a sealed delta to every node, right after its commit.
func (b *Bus) PublishDelta(sealed []byte) error { return b.publish(SubjectDelta, sealed) }

// PublishSide sends a sealed side file to the nodes of its school.
func (b *Bus) PublishSide(school string, sealed []byte) error {
	if err := checkToken(school); err != nil {
		return err
	}
	return b.publish(SubjectSide(school), sealed)
}

// PublishBundle says that a bundle of this number can be fetched.
func (b *Bus) PublishBundle(number uint64) error {
	data, err := json.Marshal(Heartbeat{Bundle: number})
	if err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	return b.publish(SubjectNew, data)
}

func (b *Bus) publish(subject string, data []byte) error {
	if err := b.conn.Publish(subject, data); err != nil {
		return problem.New("bus/unreachable").Wrap(err)
	}
	if err := b.conn.FlushTimeout(5 * time.Second); err != nil {
		return problem.New("bus/unreachable").Wrap(err)
	}
	return nil
}

// Beat sends the heartbeat every HeartbeatEvery until ctx ends. state is
// Hub.State; a failure skips a beat and is logged.
func (b *Bus) Beat(ctx context.Context, state func(context.Context) (Heartbeat, error)) {
	tick := time.NewTicker(HeartbeatEvery)
	defer tick.Stop()
	for {
		if err := b.beat(ctx, state); err != nil && ctx.Err() == nil {
			b.log.LogAttrs(ctx, slog.LevelWarn, "no heartbeat", slog.String("error", err.Error()))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (b *Bus) beat(ctx context.Context, state func(context.Context) (Heartbeat, error)) error {
	h, err := state(ctx)
	if err != nil {
		return err
	}
	data, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return b.conn.Publish(SubjectHeartbeat, data)
}

// Close lets requests that are being served end, and leaves the bus.
func (b *Bus) Close() error {
	err := b.conn.Drain()
	for deadline := time.Now().Add(10 * time.Second); err == nil && !b.conn.IsClosed() && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	b.serving.Wait()
	b.conn.Close()
	return err
}
