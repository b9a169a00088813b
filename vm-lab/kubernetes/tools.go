//go:build tools

package main

import _ "k8s.io/kubernetes/test/e2e" // so that go.mod and go.sum hold what e2e.test needs
