package receipt

// SignEvidence signs a card as a desk that lies would.
func SignEvidence(e Evidence, k *Key) ([]byte, error) { return e.file(k) }
