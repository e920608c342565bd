//go:build served

package served_test

import (
	"net"
	"sync"
	"testing"
	"time"
)

// A way to the gateway that can be made worse.
type proxy struct {
	t               *testing.T
	address, behind string

	mutex    sync.Mutex
	listener net.Listener
	links    map[*link]bool
	// After how long a silence a connection is forgotten: nothing goes through any more, and nobody is told. Zero means never.
	forgets time.Duration
}

// One connection through the proxy.
type link struct {
	near, far net.Conn
	mutex     sync.Mutex
	last      time.Time
	dead      bool
}

func newProxy(t *testing.T, behind string) *proxy {
	t.Helper()
	p := &proxy{t: t, address: "127.0.0.1:0", behind: behind, links: map[*link]bool{}}
	p.accept()
	t.Cleanup(func() {
		p.refuse()
		p.mutex.Lock()
		defer p.mutex.Unlock()
		for one := range p.links {
			one.near.Close()
			one.far.Close()
		}
	})
	return p
}

// Listens, on the same address every time.
func (p *proxy) accept() {
	listener, err := net.Listen("tcp", p.address)
	if err != nil {
		p.t.Error(err)
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.listener, p.address = listener, listener.Addr().String()
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", p.behind)
			if err != nil {
				near.Close()
				continue
			}
			one := &link{near: near, far: far, last: time.Now()}
			p.mutex.Lock()
			p.links[one] = true
			forgets := p.forgets
			p.mutex.Unlock()
			go one.pass(near, far, forgets)
			go one.pass(far, near, forgets)
		}
	}()
}

func (p *proxy) refuse() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.listener.Close()
}

// Stops forwarding on the connections that there are, without closing them. New ones work.
func (p *proxy) freeze() (frozen int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for one := range p.links {
		one.mutex.Lock()
		if !one.dead {
			one.dead = true
			frozen++
		}
		one.mutex.Unlock()
	}
	return frozen
}

func (p *proxy) connections() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return len(p.links)
}

func (l *link) pass(from, to net.Conn, forgets time.Duration) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if l.isDead(forgets) {
			if err != nil {
				return
			}
			continue
		}
		if n > 0 {
			to.Write(buffer[:n])
		}
		if err != nil {
			to.Close()
			return
		}
	}
}

// Whether what has just come is swallowed.
func (l *link) isDead(forgets time.Duration) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if forgets > 0 && time.Since(l.last) > forgets {
		l.dead = true
	}
	l.last = time.Now()
	return l.dead
}
