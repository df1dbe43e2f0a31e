package receipt

// Waiting returns how many callers wait for a leader.
func Waiting(l *Log) int {
	l.group.mu.Lock()
	defer l.group.mu.Unlock()
	return len(l.group.queue)
}

// SignEvidence signs a card as a desk that lies would.
func SignEvidence(e Evidence, k *Key) ([]byte, error) { return e.file(k) }
