package io.weft.controlplane.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.controlplane.TestNamespace;
import io.weft.controlplane.cni.CniNode.Answer;
import io.weft.encap.address.IpPrefix;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** A hundred pods at once, as after a node's reboot. */
class CniBurstTest extends CniPodTest {
    private static final int PODS = 100;

    @Override
    CniNode makeNode() throws IOException {
        return new CniNode(directory, IpPrefix.of("10.244.7.0/24"), Duration.ofSeconds(10));
    }

    @Test
    void aHundredAddsAtOnceGiveAHundredAddressesAndAHundredDelsFreeThem() throws Exception {
        List<TestNamespace> pods = new ArrayList<>();
        try {
            List<Callable<Answer>> adds = new ArrayList<>();
            List<Callable<Answer>> dels = new ArrayList<>();
            for (int i = 0; i < PODS; i++) {
                TestNamespace netns = new TestNamespace();
                pods.add(netns);
                String container = "c" + i;
                adds.add(() -> node.add(container, "eth0", netns.path()));
                dels.add(() -> node.delete(container, "eth0", netns.path()));
            }
            Set<String> addresses = new HashSet<>();
            for (Answer answer : atOnce(adds)) {
                assertEquals(0, answer.status(), answer.text());
                addresses.add(answer.address());
            }
            assertEquals(PODS, addresses.size());
            assertEquals(PODS, node.hostEnds().size());
            atOnce(dels).forEach(answer -> assertEquals(Answer.SILENT, answer));
            assertEquals(List.of(), node.hostEnds());
            assertEquals(List.of(), node.store.all());
        } finally {
            pods.forEach(TestNamespace::close);
        }
    }

    private static List<Answer> atOnce(List<Callable<Answer>> calls) throws Exception {
        try (ExecutorService threads = Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory())) {
            List<Answer> answers = new ArrayList<>();
            for (Future<Answer> answer : threads.invokeAll(calls)) {
                answers.add(answer.get());
            }
            return answers;
        }
    }
}
