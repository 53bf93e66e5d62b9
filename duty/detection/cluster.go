// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"

	"lachan/internal/sqldb"
)

// ClusterKind is what items have in common.
type ClusterKind string

// The kinds.
const (
	SamePicture ClusterKind = "picture"
	SameText    ClusterKind = "text"
	SameHost    ClusterKind = "host"
)

// Key is the locale key of the kind's name.
func (k ClusterKind) Key() string { return "detection.cluster." + string(k) }

// Cluster is the other waiting items that have something in common with one.
type Cluster struct {
	Kind  ClusterKind
	Items []string // ids
}

// maxBulk is how many items one verdict may take along.
const maxBulk = 200

var (
	queryClusterPicture = sqldb.Register("detection.cluster_picture", `
		SELECT id FROM detection_item WHERE picture_hash = $1 AND state = 'waiting' AND unit = $2 AND id <> $3 ORDER BY number LIMIT $4`)
	queryClusterText = sqldb.Register("detection.cluster_text", `
		SELECT id FROM detection_item WHERE text_hash = $1 AND state = 'waiting' AND unit = $2 AND id <> $3 ORDER BY number LIMIT $4`)
	queryClusterHost = sqldb.Register("detection.cluster_host", `
		SELECT id FROM detection_item WHERE host_hash = $1 AND state = 'waiting' AND unit = $2 AND id <> $3 ORDER BY number LIMIT $4`)
)

// clusters are the items that one verdict could take along.
func (s *Service) clusters(ctx context.Context, q sqldb.Queryer, i *Item) ([]Cluster, error) {
	var all []Cluster
	for _, c := range []struct {
		kind  ClusterKind
		query *sqldb.Query
		hash  string
	}{{SamePicture, queryClusterPicture, i.picture}, {SameText, queryClusterText, i.text}, {SameHost, queryClusterHost, i.host}} {
		if c.hash == "" {
			continue
		}
		ids, err := sqldb.All(ctx, q, c.query, sqldb.Scalar[string], c.hash, i.Unit, i.ID, maxBulk)
		if err != nil {
			return nil, err
		}
		if len(ids) > 0 {
			all = append(all, Cluster{c.kind, ids})
		}
	}
	return all, nil
}
