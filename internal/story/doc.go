// Package story plays the whole product in a browser, as its people would: its tests are the
// promise of the README kept, in both languages and on both databases.
package story
