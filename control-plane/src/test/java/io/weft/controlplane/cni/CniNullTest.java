package io.weft.controlplane.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.controlplane.cni.CniNode.Answer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Go's encoder writes null for a nil slice, map or pointer, so null means absent. */
class CniNullTest extends CniPodTest {
    private static final String NULLS = "\"prevResult\":null,\"args\":null,\"dns\":null,\"ipam\":null,"
        + "\"runtimeConfig\":null,\"capabilities\":null,\"routes\":null,\"ips\":null,\"interfaces\":null,"
        + "\"ipMasq\":null,\"cni.dev/valid-attachments\":null,\"cni.dev/attachments\":null";

    @Test
    void treatsNullAsAbsentInEveryFieldOfEveryCommand() {
        for (String command : List.of("ADD", "CHECK", "STATUS", "GC", "DEL")) {
            Answer answer = node.call(command, "c1", "eth0", pod.path().toString(), NULLS);
            assertEquals(0, answer.status(), command + ": " + answer.text());
        }
        assertEquals(List.of(), node.store.all());
    }

    @Test
    void gcWithNullDetachesAllOfTheNetwork() {
        node.add("c1", "eth0", pod.path());
        assertEquals(Answer.SILENT, node.collect("null"));
        assertEquals(List.of(), node.store.all());
        assertEquals(List.of(), node.hostEnds());
    }

    @ParameterizedTest
    @ValueSource(strings = {"[null]", "[{\"containerID\":null,\"ifname\":null}]", "[{}]"})
    void anEmptyEntryMatchesNoAttachment(String list) {
        node.add("c1", "eth0", pod.path());
        assertEquals(Answer.SILENT, node.collect(list));
        assertEquals(List.of(), node.store.all());
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"all\"", "{}", "7"})
    void gcRefusesWhatIsNotAList(String list) {
        node.add("c1", "eth0", pod.path());
        assertEquals(7, node.collect(list).code());
        assertEquals(1, node.store.all().size());
    }

    @Test
    void gcWithoutAListDetachesNothing() {
        node.add("c1", "eth0", pod.path());
        assertEquals(Answer.SILENT, node.call("GC", "", "", "", ""));
        assertEquals(1, node.store.all().size());
    }

    @Test
    void readsTheEarlierNameOfTheList() {
        node.add("c1", "eth0", pod.path());
        assertEquals(Answer.SILENT, node.call("GC", "", "", "",
            "\"cni.dev/attachments\":[{\"containerID\":\"c1\",\"ifname\":\"eth0\"}]"));
        assertEquals(1, node.store.all().size());
        assertEquals(Answer.SILENT, node.call("GC", "", "", "", "\"cni.dev/attachments\":null"));
        assertEquals(List.of(), node.store.all());
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "{\"ips\":null}", "{\"interfaces\":null,\"routes\":null,\"dns\":null}"})
    void aPreviousResultWithoutAddressesContradictsNothing(String result) {
        node.add("c1", "eth0", pod.path());
        assertEquals(Answer.SILENT,
            node.call("CHECK", "c1", "eth0", pod.path().toString(), "\"prevResult\":" + result));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"ips\":[null]}", "{\"ips\":[{\"address\":null}]}",
        "{\"ips\":[{\"address\":\"10.9.9.9/24\"}]}"})
    void aPreviousResultWithOtherAddressesDoes(String result) {
        node.add("c1", "eth0", pod.path());
        assertEquals(102,
            node.call("CHECK", "c1", "eth0", pod.path().toString(), "\"prevResult\":" + result).code());
    }

    @Test
    void aNullVersionCountsAsAbsent() {
        Answer answer = CniNode.run("ADD", "c1", "eth0", pod.path().toString(),
            "{\"cniVersion\":null,\"name\":null,\"socket\":\"" + node.socket() + "\"}");
        assertEquals(1, answer.code());
        assertEquals("cniVersion is not given", answer.json().path("msg").asText());
    }
}
