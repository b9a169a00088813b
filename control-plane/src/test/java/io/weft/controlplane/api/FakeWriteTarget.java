package io.weft.controlplane.api;

import io.weft.controlplane.operator.OperatorState;
import io.weft.controlplane.operator.OperatorWrite;
import io.weft.controlplane.operator.WriteTarget;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Tables that take any write, and object to one whose comment is {@value #UNWANTED}. */
public final class FakeWriteTarget implements WriteTarget {
    public static final String UNWANTED = "unwanted";

    private final Supplier<String> fault;
    /** What is in force. */
    public volatile OperatorState state = OperatorState.NOTHING;

    /** @param fault why the control loop does not answer; empty if it does */
    FakeWriteTarget(Supplier<String> fault) {
        this.fault = fault;
    }

    @Override
    public Assessment assess(OperatorState next) throws TimeoutException {
        requireAnswer();
        boolean unwanted = next.all().stream().map(OperatorWrite::comment).anyMatch(UNWANTED::equals);
        return new Assessment(List.of(new Effect("default/web", "2 backends", "1 backends")),
            unwanted ? List.of("nothing has it") : List.of());
    }

    @Override
    public BooleanSupplier use(OperatorState now) {
        state = now;
        return () -> true;
    }

    @Override
    public Map<String, String> uses() throws TimeoutException {
        requireAnswer();
        Map<String, String> uses = new HashMap<>();
        state.all().forEach(write -> uses.put(write.title(), "in use"));
        return uses;
    }

    private void requireAnswer() throws TimeoutException {
        if (!fault.get().isEmpty()) { throw new TimeoutException(fault.get()); }
    }
}
