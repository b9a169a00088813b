/** What the node's own processes answer to clients of Services, back to the workers (ADR 0015). */
package io.weft.dataplane.steering;
