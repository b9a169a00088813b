package io.weft.dataplane.graph;

/** The same where no frame takes the fast path. */
class PortReuseSlowPathTest extends PortReuseTest {
    PortReuseSlowPathTest() {
        node.graph.withoutFastPath();
    }
}
