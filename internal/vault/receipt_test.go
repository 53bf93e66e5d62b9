// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"lachan/internal/locale"
	"lachan/internal/problem"
)

func drawReceipt(t *rapid.T) Receipt {
	return Receipt(rapid.SliceOfN(rapid.Byte(), 10, 10).Draw(t, "receipt"))
}

func TestBothSpellingsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawReceipt(t)
		words := r.Words()
		line := strings.Join(words[:], ", ")
		for _, typed := range []string{
			r.Code(), strings.ToLower(r.Code()), strings.ReplaceAll(r.Code(), "-", ""), "  " + strings.ReplaceAll(r.Code(), "-", " ") + "\n",
			strings.NewReplacer("0", "o", "1", "l").Replace(r.Code()), strings.ReplaceAll(r.Code(), "1", "I"),
			line, strings.ToUpper(line), locale.Fold(line), strings.ReplaceAll(locale.Fold(line), " ", ""), strings.Join(words[:], "\n"),
		} {
			if got, err := ParseReceipt(typed); err != nil || got != r {
				t.Fatalf("%q: %v", typed, err)
			}
		}
	})
}

func TestOneWrongCharacterIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := []byte(strings.ReplaceAll(drawReceipt(t).Code(), "-", ""))
		i := rapid.IntRange(0, 16).Draw(t, "place")
		c := crockford[rapid.IntRange(0, 31).Draw(t, "digit")]
		bad := bytes.Clone(code)
		bad[i] = c
		if _, err := ParseReceipt(string(bad)); (err == nil) != (c == code[i]) {
			t.Fatalf("%s for %s: %v", bad, code, err)
		}
	})
}

func TestTwoSwappedCharactersAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := []byte(strings.ReplaceAll(drawReceipt(t).Code(), "-", ""))
		i, j := rapid.IntRange(0, 15).Draw(t, "i"), rapid.IntRange(0, 15).Draw(t, "j")
		bad := bytes.Clone(code)
		bad[i], bad[j] = bad[j], bad[i]
		if _, err := ParseReceipt(string(bad)); (err == nil) != bytes.Equal(bad, code) {
			t.Fatalf("%s for %s: %v", bad, code, err)
		}
	})
}

// Eight check bits let one wrong line of words in 256 pass; none opens more
// than its own value.
func TestWrongWordsAreMostlyFound(t *testing.T) {
	list, passed := words(), 0
	const tries = 2000
	for range tries {
		r := NewReceipt()
		w := r.Words()
		w[int(r[0])%8] = list.Nouns[r[1]&63] + " " + list.Adjectives[r[2]&31]
		if got, err := ParseReceipt(strings.Join(w[:], " ")); err == nil && got != r {
			passed++
		}
	}
	if passed > tries/64 {
		t.Fatalf("%d of %d wrong lines passed", passed, tries)
	}
}

func TestWhatIsNoReceiptIsRefused(t *testing.T) {
	good := NewReceipt()
	w := good.Words()
	for _, typed := range []string{"", " ", "mèo", strings.Join(w[:7], " "), strings.Join(w[:], " ") + " mèo", good.Code() + "0", good.Code()[:19], strings.Repeat("a", 5000), "UUUU-UUUU-UUUU-UUUU-U", "\x00\xff", "日本語日本語日本語日本語日"} {
		if _, err := ParseReceipt(typed); !problem.Is(err, "vault/bad-receipt") {
			t.Errorf("%.30q: %v", typed, err)
		}
	}
}

func TestWordListHasOneReading(t *testing.T) {
	list := words()
	check := func(folded []string) {
		for i, a := range folded {
			for j, b := range folded {
				if i != j && strings.HasPrefix(a, b) {
					t.Errorf("%s begins with %s", a, b)
				}
			}
			for _, r := range a {
				if r < 'a' || r > 'z' {
					t.Errorf("%s does not fold to letters", a)
				}
			}
		}
	}
	check(list.foldedNouns)
	check(list.foldedAdjectives)
	pairs := map[string]bool{}
	for _, n := range list.foldedNouns {
		for _, a := range list.foldedAdjectives {
			if n == a {
				t.Errorf("%s is on both lists", n)
			}
			pairs[n+a] = true
		}
	}
	if len(pairs) != 2048 {
		t.Fatalf("%d pairs", len(pairs))
	}
}

func TestReceiptKeysAreStableAndItsPrintIsHidden(t *testing.T) {
	r := NewReceipt()
	a, err := r.Public()
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Public()
	if err != nil || !bytes.Equal(a, b) {
		t.Fatal("the same receipt gave two keys")
	}
	for _, printed := range []string{fmt.Sprint(r), fmt.Sprintf("%v %s %+v %#v", r, r, r, r)} {
		if strings.Contains(strings.ToLower(printed), fmt.Sprintf("%x", r[:])) || strings.Contains(printed, fmt.Sprint(r[0], r[1])) || !strings.Contains(printed, "[receipt]") {
			t.Errorf("printed as %s", printed)
		}
	}
}

func TestSharesOfAnyKind(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "secret")
		n := rapid.IntRange(2, 12).Draw(t, "n")
		threshold := rapid.IntRange(2, n).Draw(t, "threshold")
		shares, err := split(secret, n, threshold)
		if err != nil {
			t.Fatal(err)
		}
		shares = rapid.Permutation(shares).Draw(t, "order")[:threshold]
		if got, err := combine(shares); err != nil || !bytes.Equal(got, secret) {
			t.Fatalf("%x, %v", got, err)
		}
	})
}

// For one share and any guess of the secret there is a polynomial: the share
// alone says nothing.
func TestOneShareSaysNothing(t *testing.T) {
	counts := [256]int{}
	for range 256 * 40 {
		shares, err := split([]byte{42}, 2, 2)
		if err != nil {
			t.Fatal(err)
		}
		counts[shares[0].y[0]]++
	}
	for v, n := range counts {
		if n < 5 || n > 120 {
			t.Errorf("value %d came %d times of 40", v, n)
		}
	}
}

func TestFieldArithmetic(t *testing.T) {
	for a := range 256 {
		if a > 0 && mul(byte(a), inverse(byte(a))) != 1 {
			t.Fatalf("%d has no inverse", a)
		}
	}
	if mul(0x57, 0x83) != 0xc1 { // FIPS 197, section 4.2
		t.Fatal("0x57 times 0x83")
	}
	seen := map[byte]bool{}
	for w, i := byte(1), 0; i < 31; i++ {
		w = mul32(w, 2)
		seen[w] = true
	}
	if len(seen) != 31 {
		t.Fatal("the weights of the check character repeat")
	}
}

func sealBlob(t testing.TB, key []byte, context string, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := SealBlob(&out, key, context)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]byte{plain[:len(plain)/3], plain[len(plain)/3:]} {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("x")); err == nil {
		t.Fatal("wrote after Close")
	}
	return out.Bytes()
}

func openBlob(key []byte, context string, sealed io.Reader) ([]byte, error) {
	r, err := OpenBlob(sealed, key, context)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestBlobsOfEverySize(t *testing.T) {
	key := random(32)
	for _, n := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 3*chunkSize - 1, 3 * chunkSize, 3*chunkSize + 7} {
		plain := random(n)
		sealed := sealBlob(t, key, "b", plain)
		for name, r := range map[string]io.Reader{"whole": bytes.NewReader(sealed), "halves": iotest.HalfReader(bytes.NewReader(sealed)), "with EOF": iotest.DataErrReader(bytes.NewReader(sealed))} {
			if got, err := openBlob(key, "b", r); err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("%d bytes, %s: %d back, %v", n, name, len(got), err)
			}
		}
	}
}

func TestDamagedBlobsAreRefused(t *testing.T) {
	key, plain := random(32), random(2*chunkSize+100)
	sealed := sealBlob(t, key, "b", plain)
	full := chunkSize + 16
	swapped := bytes.Clone(sealed)
	copy(swapped[32:], sealed[32+full:32+2*full])
	copy(swapped[32+full:], sealed[32:32+full])
	flip := func(i int) []byte { b := bytes.Clone(sealed); b[i] ^= 1; return b }
	for name, bad := range map[string][]byte{
		"empty": {}, "salt only": sealed[:32], "first chunk only": sealed[:32+full], "without the last chunk": sealed[:32+2*full],
		"one byte short": sealed[:len(sealed)-1], "one byte long": append(bytes.Clone(sealed), 0), "chunks swapped": swapped,
		"salt changed": flip(3), "first chunk changed": flip(100), "end changed": flip(len(sealed) - 1),
		"last chunk twice": append(bytes.Clone(sealed), sealed[32+2*full:]...),
	} {
		if _, err := openBlob(key, "b", bytes.NewReader(bad)); !problem.Is(err, "vault/damaged") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := openBlob(key, "c", bytes.NewReader(sealed)); !problem.Is(err, "vault/damaged") {
		t.Errorf("another context: %v", err)
	}
	if _, err := openBlob(random(32), "b", bytes.NewReader(sealed)); !problem.Is(err, "vault/damaged") {
		t.Errorf("another key: %v", err)
	}
	boom := errors.New("boom")
	if _, err := openBlob(key, "b", io.MultiReader(bytes.NewReader(sealed[:1000]), iotest.ErrReader(boom))); !errors.Is(err, boom) {
		t.Errorf("a failing reader: %v", err)
	}
}

// The invariant: nothing typed crashes, and what parses prints back to
// something that parses to the same.
func FuzzParseReceipt(f *testing.F) {
	f.Add(Receipt{}.Code())
	w := Receipt{1, 2, 3}.Words()
	f.Add(strings.Join(w[:], " "))
	f.Add("0000-0000-0000-0000-0")
	f.Fuzz(func(t *testing.T, typed string) {
		r, err := ParseReceipt(typed)
		if err != nil {
			return
		}
		if again, err := ParseReceipt(r.Code()); err != nil || again != r {
			t.Fatalf("%q", typed)
		}
	})
}

func BenchmarkSealToAndOpen(b *testing.B) {
	private, _, err := newPrivate()
	if err != nil {
		b.Fatal(err)
	}
	public, secret := private.PublicKey().Bytes(), random(32)
	for b.Loop() {
		sealed, err := sealTo(public, []byte("x"), secret)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := openWith(private, []byte("x"), sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSealBlob(b *testing.B) {
	key, plain := random(32), random(8<<20)
	b.SetBytes(int64(len(plain)))
	for b.Loop() {
		w, err := SealBlob(io.Discard, key, "b")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := w.Write(plain); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
