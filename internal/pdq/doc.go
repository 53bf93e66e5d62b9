// SPDX-License-Identifier: Apache-2.0

// Package pdq says whether two pictures are the same to the eye. PDQ (facebook's
// ThreatExchange, BSD) turns a picture into 256 bits that hardly change when it
// is compressed, scaled, blurred or made grey, and that can be exchanged where
// the picture never may: a hash does not give the picture back.
//
// A hash is meaningless without its quality (0 to 100): flat pictures have
// quality 0 and noise for bits, and are neither banked nor asked for.
package pdq
