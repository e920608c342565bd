package turnpike_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"

	turnpike "turnpike.example/go"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	authority, stranger := newAuthority(t), newAuthority(t)
	gateway := server{}
	oneSided := gateway.listen(t, grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{authority.issue(t, "localhost")},
	})))
	mutual := gateway.listen(t, grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{authority.issue(t, "localhost")},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    authority.pool(),
	})))
	otherName := gateway.listen(t, grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{authority.issue(t, "elsewhere.example")},
	})))
	plain := gateway.listen(t)

	trusted := turnpike.WithCAFile(authority.file(t))
	own := turnpike.WithClientCertificate(authority.issueFiles(t, "ours", "client.example"))
	strangers := turnpike.WithClientCertificate(stranger.issueFiles(t, "theirs", "client.example"))
	for _, test := range []struct {
		about, address string
		options        []turnpike.Option
		connects       bool
	}{
		{"an authority that is trusted", oneSided, []turnpike.Option{trusted}, true},
		{"an authority that the system does not know", oneSided, nil, false},
		{"another authority", oneSided, []turnpike.Option{turnpike.WithCAFile(stranger.file(t))}, false},
		{"a certificate for another name", otherName, []turnpike.Option{trusted}, false},
		{"no TLS on the other side", plain, []turnpike.Option{trusted}, false},
		{"a certificate on both sides", mutual, []turnpike.Option{trusted, own}, true},
		{"no certificate of ours", mutual, []turnpike.Option{trusted}, false},
		{"a stranger's certificate", mutual, []turnpike.Option{trusted, strangers}, false},
	} {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			_, port, _ := net.SplitHostPort(test.address)
			options := append(test.options, turnpike.WithAPIKey(testKey))
			client := dial(t, "https://localhost:"+port, options...)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			err := listAccounts(ctx, client)
			if test.connects {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var refusal *turnpike.Error
			if !errors.As(err, &refusal) || refusal.Code != codes.Unavailable || refusal.NothingWasSent() {
				t.Errorf("got %v", err)
			}
		})
	}
}

// The file stands instead of the system's authorities, not beside them.
func TestOnlyTheGivenAuthoritiesAreTrusted(t *testing.T) {
	authority := newAuthority(t)
	pool, err := turnpike.Authorities("https://pay.example:443", turnpike.WithCAFile(authority.file(t)))
	if err != nil || !pool.Equal(authority.pool()) {
		t.Errorf("others are trusted too, or: %v", err)
	}
	if pool, err = turnpike.Authorities("https://pay.example:443"); err != nil || pool != nil {
		t.Errorf("others are trusted too, or: %v", err)
	}
}

// An authority of the test's own.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key := newKey(t)
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "an authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	made, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(made)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made})}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a authority) issuePEM(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	private := newKey(t)
	template := x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	made, err := x509.CreateCertificate(rand.Reader, &template, a.cert, &private.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func (a authority) issue(t *testing.T, name string) tls.Certificate {
	t.Helper()
	pair, err := tls.X509KeyPair(a.issuePEM(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func (a authority) issueFiles(t *testing.T, file, name string) (certFile, keyFile string) {
	t.Helper()
	cert, key := a.issuePEM(t, name)
	folder := t.TempDir()
	certFile, keyFile = filepath.Join(folder, file+".pem"), filepath.Join(folder, file+".key")
	if err := errors.Join(os.WriteFile(certFile, cert, 0o600), os.WriteFile(keyFile, key, 0o600)); err != nil {
		t.Fatal(err)
	}
	return certFile, keyFile
}

func (a authority) file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, a.pem, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (a authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}
