// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"lachan/internal/problem"
)

// dump is every value of every vault table, one after another.
func (f *fixture) dump() []byte {
	f.t.Helper()
	var all []byte
	for _, table := range []string{"vault_person", "vault_unit_key", "vault_unit_seal", "vault_waiting", "vault_help", "vault_recovery", "vault_case_key"} {
		rows, err := f.db.Writer().Query("SELECT * FROM " + table)
		if err != nil {
			f.t.Fatal(err)
		}
		cols, err := rows.Columns()
		if err != nil {
			f.t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(cols))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				f.t.Fatal(err)
			}
			for _, v := range values {
				switch v := (*v.(*any)).(type) {
				case []byte:
					all = append(all, v...)
				default:
					all = fmt.Append(all, v)
				}
			}
		}
		if err := rows.Close(); err != nil {
			f.t.Fatal(err)
		}
	}
	return all
}

// A copy of the database holds no private key, no data key, no passphrase and
// no receipt.
func TestADumpHoldsNoKey(t *testing.T) {
	f := setUp(t)
	an := f.person("an")
	f.person("s1")
	f.person("s2")
	f.makeUnit(an, "U", "s1", "s2")
	receipt := NewReceipt()
	public, err := receipt.Public()
	if err != nil {
		t.Fatal(err)
	}
	created := f.newCase("c1", public, "U")
	seed, err := receipt.private()
	if err != nil {
		t.Fatal(err)
	}
	reporter, err := seed.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	_, unit, err := an.latestUnit(f.ctx, f.db.Read(), "U")
	if err != nil {
		t.Fatal(err)
	}
	unitRaw, err := unit.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	dump := f.dump()
	if !bytes.Contains(dump, unit.PublicKey().Bytes()) {
		t.Fatal("the dump is not a dump: the unit's public key is missing")
	}
	for name, secret := range map[string][]byte{
		"the person's key": an.raw, "the unit's key": unitRaw, "the data key": created.keys.keys[Narrative][1],
		"the passphrase": []byte(passphrase), "the receipt": receipt[:], "the receipt's code": []byte(receipt.Code()), "the reporter's key": reporter,
	} {
		if bytes.Contains(dump, secret) {
			t.Errorf("%s stands in the database", name)
		}
	}
}

func TestSecretsAreMadeOnceAndSeparateByPurpose(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "secrets")
	a, err := OpenSecrets(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenSecrets(dir)
	if err != nil || *a != *b {
		t.Fatalf("read back differently: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "pepper")); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	if a.KeyedHash("phone", "0900000000") == a.KeyedHash("account", "0900000000") {
		t.Fatal("two purposes share a key")
	}
	other, err := OpenSecrets(t.TempDir())
	if err != nil || other.KeyedHash("phone", "x") == a.KeyedHash("phone", "x") {
		t.Fatal("two hubs share a pepper")
	}
	sealed, err := a.Box("name").Seal("p1", []byte("Tên Mẫu"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.Box("name").Open("p1", sealed); err != nil || string(got) != "Tên Mẫu" {
		t.Fatalf("%q, %v", got, err)
	}
	for name, try := range map[string]func() ([]byte, error){
		"another row":     func() ([]byte, error) { return a.Box("name").Open("p2", sealed) },
		"another purpose": func() ([]byte, error) { return a.Box("totp").Open("p1", sealed) },
		"another hub":     func() ([]byte, error) { return other.Box("name").Open("p1", sealed) },
	} {
		if _, err := try(); !problem.Is(err, "vault/damaged") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "pepper"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSecrets(dir); err == nil {
		t.Fatal("took a damaged secret")
	}
}
