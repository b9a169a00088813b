package io.weft.controlplane.cni;

import io.weft.controlplane.TestNamespace;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Each test gets a node with the CNI server, and the namespace of a pod. */
abstract class CniPodTest {
    @TempDir Path directory;
    CniNode node;
    TestNamespace pod;

    @BeforeEach
    void start() throws IOException {
        node = makeNode();
        pod = new TestNamespace();
    }

    CniNode makeNode() throws IOException {
        return new CniNode(directory);
    }

    @AfterEach
    void stop() throws IOException {
        if (pod != null) {
            pod.close();
        }
        if (node != null) {
            node.close();
        }
    }
}
