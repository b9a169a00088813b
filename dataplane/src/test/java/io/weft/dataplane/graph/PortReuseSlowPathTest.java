package io.weft.dataplane.graph;

/** The same where no frame takes the fast path. */
class PortReuseSlowPathTest extends PortReuseTest {
    @Override
    GraphFixture newNode() {
        return GraphFixture.onSlowPath(256, 1024);
    }
}
