package io.weft.controlplane.source.kubernetes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weft.controlplane.model.ClusterObject;
import io.weft.controlplane.model.EndpointSlice;
import io.weft.controlplane.model.Kind;
import io.weft.controlplane.model.Namespace;
import io.weft.controlplane.model.ObjectKey;
import io.weft.controlplane.model.Protocol;
import io.weft.controlplane.model.Service;
import io.weft.controlplane.source.ClusterChange;
import io.weft.encap.address.IpAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is believed, and in which order. */
class ClusterStateTest {
    private static final long ARRIVAL = 7;
    private final ClusterState state = new ClusterState("n1",
        Set.of(Kind.NAMESPACE, Kind.SERVICE, Kind.ENDPOINT_SLICE));

    @Test
    void nothingIsDeliveredBeforeEveryKindIsListedAndThenEverythingAtOnce() {
        state.listed(Kind.NAMESPACE, List.of(namespace("a", "5", "")), "9", ARRIVAL);
        state.listed(Kind.SERVICE, List.of(service("kubernetes", "6")), "9", ARRIVAL);
        assertEquals(Optional.empty(), state.take());
        state.listed(Kind.ENDPOINT_SLICE, List.of(slice("7")), "9", ARRIVAL + 1);
        ClusterChange first = state.take().orElseThrow();
        assertTrue(first.complete());
        assertEquals(3, first.updated().size());
        assertEquals(ARRIVAL, first.arrivalNanos());
        assertEquals(Optional.empty(), state.take());
    }

    @Test
    void endpointsThatDoNotChangeStayTheSameObjects() {
        sync();
        state.changed(slice("web", "20", endpoint(1), endpoint(2)), ARRIVAL);
        EndpointSlice before = (EndpointSlice) state.take().orElseThrow().updated().getFirst();
        state.changed(slice("web", "21", endpoint(2), endpoint(3)), ARRIVAL);
        EndpointSlice after = (EndpointSlice) state.take().orElseThrow().updated().getFirst();
        assertEquals(List.of(endpoint(2), endpoint(3)), after.endpoints());
        assertSame(before.endpoints().get(1), after.endpoints().get(0));
        assertSame(before.ports(), after.ports());
    }

    @Test
    void aListThatLacksTheServiceOrSliceOfTheApiIsKeptBack() {
        sync();
        state.listed(Kind.SERVICE, List.of(), "20", ARRIVAL);
        assertTrue(state.isDoubtful(Kind.SERVICE) && state.doubt().isPresent());
        state.changed(namespace("b", "21", ""), ARRIVAL);
        assertEquals(Optional.empty(), state.take());
        state.changed(service("kubernetes", "22"), ARRIVAL);
        assertFalse(state.isDoubtful(Kind.SERVICE));
        ClusterChange change = state.take().orElseThrow();
        assertEquals(List.of(), change.removed());
        assertEquals(List.of("b"), change.updated().stream().map(object -> object.key().name()).toList());
    }

    @Test
    void aDeletedOwnNodeIsTrueAndAListWithoutItIsNot() {
        ClusterState nodes = new ClusterState("n1", Set.of(Kind.NODE));
        nodes.listed(Kind.NODE, List.of(received(Kind.NODE, "n1", "5"), received(Kind.NODE, "n2", "6")), "9", ARRIVAL);
        assertTrue(nodes.take().isPresent());
        nodes.deleted(received(Kind.NODE, "n1", "10"), ARRIVAL);
        assertEquals(Optional.empty(), nodes.doubt());
        nodes.listed(Kind.NODE, List.of(received(Kind.NODE, "n2", "6")), "11", ARRIVAL);
        assertTrue(nodes.doubt().isPresent());
        nodes.changed(received(Kind.NODE, "n1", "12"), ARRIVAL);
        assertEquals(Optional.empty(), nodes.doubt());
    }

    @Test
    void whatAListLacksIsRemovedInOneStepWithWhatItAdds() {
        sync();
        state.listed(Kind.NAMESPACE, List.of(namespace("b", "12", "")), "12", ARRIVAL);
        ClusterChange change = state.take().orElseThrow();
        assertEquals(List.of(key("a")), change.removed());
        assertEquals(1, change.updated().size());
    }

    @ParameterizedTest
    @CsvSource({"5, false", "4, false", "10, true", "99, true"})
    void anEventIsInForceIfItIsNewerThanWhatIsKnown(String version, boolean isInForce) {
        sync();
        assertTrue(state.changed(namespace("a", version, "new"), ARRIVAL));
        assertEquals(isInForce, state.take().isPresent());
    }

    @Test
    void aLateEventOfAnUnknownObjectNeedsAList() {
        sync();
        state.deleted(namespace("a", "12", ""), ARRIVAL);
        assertFalse(state.changed(namespace("a", "11", "old"), ARRIVAL));
        assertTrue(state.changed(namespace("b", "13", ""), ARRIVAL));
        assertEquals("13", state.newestVersion(Kind.NAMESPACE));
    }

    @Test
    void aLateEventOfAKnownObjectIsInForceAndALateDeletionIsNot() {
        sync();
        state.changed(namespace("b", "12", ""), ARRIVAL);
        state.changed(namespace("a", "11", "late"), ARRIVAL);
        state.deleted(namespace("a", "10", ""), ARRIVAL);
        assertEquals(List.of("a", "b"), state.take().orElseThrow().updated().stream()
            .map(object -> object.key().name()).toList());
        assertEquals("12", state.newestVersion(Kind.NAMESPACE));
    }

    @Test
    void anAddedAndDeletedObjectIsNeverDelivered() {
        sync();
        state.changed(namespace("b", "12", ""), ARRIVAL);
        state.deleted(namespace("b", "13", ""), ARRIVAL);
        assertEquals(Optional.empty(), state.take());
    }

    @Test
    void aWrongObjectKeepsItsContentAlsoAcrossLists() {
        sync();
        Received wrong = new Received(key("a"), "12", Optional.empty(), "metadata.labels: must have fields");
        state.changed(wrong, ARRIVAL);
        assertEquals(Optional.empty(), state.take());
        assertEquals(List.of("Namespace a: metadata.labels: must have fields"), state.errors());
        state.listed(Kind.NAMESPACE, List.of(wrong), "14", ARRIVAL);
        assertEquals(Optional.empty(), state.take());
        state.deleted(namespace("a", "15", ""), ARRIVAL);
        assertEquals(List.of(), state.errors());
        assertEquals(List.of(key("a")), state.take().orElseThrow().removed());
    }

    @Test
    void afterAFailureEverythingIsDeliveredAgain() {
        sync();
        state.changed(namespace("b", "12", ""), ARRIVAL);
        state.take();
        state.reportAll();
        ClusterChange again = state.take().orElseThrow();
        assertTrue(again.complete());
        assertEquals(4, again.updated().size());
    }

    @ParameterizedTest
    @CsvSource({"9, 10, true", "10, 9, false", "10, 10, false", "99999999999999999999, 100000000000000000000, true",
        "a, b, false", "007, 9, false"})
    void versionsAreOrderedAsNumbersOrNotAtAll(String version, String other, boolean isOlder) {
        assertEquals(isOlder, ResourceVersions.isOlder(version, other));
    }

    private void sync() {
        state.listed(Kind.NAMESPACE, List.of(namespace("a", "5", "")), "9", ARRIVAL);
        state.listed(Kind.SERVICE, List.of(service("kubernetes", "6")), "9", ARRIVAL);
        state.listed(Kind.ENDPOINT_SLICE, List.of(slice("7")), "9", ARRIVAL);
        assertTrue(state.take().isPresent());
    }

    private static ObjectKey key(String namespace) {
        return new ObjectKey(Kind.NAMESPACE, "", namespace);
    }

    private static Received namespace(String name, String version, String label) {
        return received(new Namespace(name, Map.of("label", label)), version);
    }

    private static Received service(String name, String version) {
        return received(Service.clusterIp("default", name, 0, List.of(), List.of()), version);
    }

    private static Received slice(String name, String version, EndpointSlice.Endpoint... endpoints) {
        ObjectKey key = new ObjectKey(Kind.ENDPOINT_SLICE, "default", name);
        return new Received(key, version, Optional.of(new EndpointSlice("default", name, name, List.of(endpoints),
            List.of(new EndpointSlice.Port("", 80, Protocol.TCP)), List.of())), "");
    }

    private static EndpointSlice.Endpoint endpoint(int number) {
        return new EndpointSlice.Endpoint(List.of(IpAddress.ipv4(number)), true, true, false, "n1");
    }

    private static Received slice(String version) {
        return received(new EndpointSlice("default", "kubernetes", "kubernetes", List.of(), List.of(), List.of()),
            version);
    }

    private static Received received(ClusterObject object, String version) {
        return new Received(object.key(), version, Optional.of(object), "");
    }

    private static Received received(Kind kind, String name, String version) {
        return new Received(new ObjectKey(kind, "", name), version, Optional.empty(), "");
    }
}
