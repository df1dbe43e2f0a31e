package receipt

// Waiting returns how many callers wait for a leader.
func Waiting(l *Log) int {
	l.group.mu.Lock()
	defer l.group.mu.Unlock()
	return len(l.group.queue)
}
