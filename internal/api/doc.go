// Package api is the product for machines: /api/v1, described by /api/v1/openapi.json.
//
// It says nothing of its own. An operation decodes, calls one operation of a noun, and shows a view:
// what may be done and what is right is decided below, for pages and programs alike.
//
// What it defends against, and how:
//
//   - A browser made to send a request: the session cookie means nothing here. Who calls is told by the
//     Authorization header alone, which no form and no link can send.
//   - A stolen token: it may do what its scopes name and its owner may, at this moment. What decides who
//     gets in (tokens, roles, credentials) wants a credential shown again, which a token never can.
//   - Guessing tokens: every failure takes from the address's bucket.
//   - Misread input: unknown fields, text that is not UTF-8 and two values in one body are refused with
//     their place, never repaired.
//
// The table in operations.go is all there is: routing, the description, security and the test that walks
// every operation with every role read the same rows.
package api
