// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"errors"
	"fmt"
)

// Shamir's secret sharing over GF(256), byte by byte: a random polynomial of
// degree threshold-1 whose value at 0 is the secret. Fewer than threshold
// shares say nothing at all about it (A. Shamir, How to Share a Secret, 1979).

// share is one point: x from 1 to 255, and the values of all polynomials there.
type share struct {
	x byte
	y []byte
}

// split makes n shares of which any threshold give the secret back.
func split(secret []byte, n, threshold int) ([]share, error) {
	if threshold < 2 || n < threshold || n > 255 || len(secret) == 0 {
		return nil, fmt.Errorf("vault: cannot split into %d shares of which %d open", n, threshold)
	}
	shares := make([]share, n)
	for i := range shares {
		shares[i] = share{x: byte(i + 1), y: make([]byte, len(secret))}
	}
	coefficients := random(len(secret) * (threshold - 1))
	for b, s := range secret {
		higher := coefficients[b*(threshold-1) : (b+1)*(threshold-1)]
		for i := range shares {
			// Horner, from the highest coefficient down to the secret.
			var y byte
			for k := len(higher) - 1; k >= 0; k-- {
				y = mul(y, shares[i].x) ^ higher[k]
			}
			shares[i].y[b] = mul(y, shares[i].x) ^ s
		}
	}
	return shares, nil
}

// combine interpolates the polynomials at 0. It cannot tell a false share:
// the caller compares the outcome with a public key.
func combine(shares []share) ([]byte, error) {
	if len(shares) < 2 {
		return nil, errors.New("vault: one share opens nothing")
	}
	for i, a := range shares {
		if a.x == 0 || len(a.y) != len(shares[0].y) {
			return nil, errors.New("vault: shares of different secrets")
		}
		for _, b := range shares[:i] {
			if a.x == b.x {
				return nil, errors.New("vault: the same share twice")
			}
		}
	}
	secret := make([]byte, len(shares[0].y))
	for i, a := range shares {
		weight := byte(1)
		for j, b := range shares {
			if i != j {
				weight = mul(weight, mul(b.x, inverse(a.x^b.x)))
			}
		}
		for k, y := range a.y {
			secret[k] ^= mul(weight, y)
		}
	}
	return secret, nil
}

// mul multiplies in GF(256) with the polynomial of AES, in constant time.
func mul(a, b byte) byte {
	var p byte
	for range 8 {
		p ^= -(b & 1) & a
		high := -(a >> 7)
		a = a<<1 ^ high&0x1b
		b >>= 1
	}
	return p
}

// inverse is a^254; the inverse of 0 does not exist and is given as 0.
func inverse(a byte) byte {
	result, square := byte(1), a
	for e := 254; e > 0; e >>= 1 {
		if e&1 == 1 {
			result = mul(result, square)
		}
		square = mul(square, square)
	}
	return result
}
