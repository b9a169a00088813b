package io.weft.controlplane.operator;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/** The tables that writes act on. Any thread; the control loop does the work. */
public interface WriteTarget {

    /**
     * What a write changes for one subject: a Service's port, a prefix.
     *
     * @param before state in words; empty if it was not there
     */
    record Effect(String subject, String before, String after) {
    }

    /**
     * What other writes instead of the present ones would change.
     *
     * @param objections why an operator may not want it, one line each: it acts on nothing, or leaves a Service without endpoints
     */
    record Assessment(List<Effect> effects, List<String> objections) {
    }

    /** @throws TimeoutException if the control loop does not answer in time */
    Assessment assess(OperatorState next) throws TimeoutException;

    /** Puts the writes into force, soon. @return whether all workers use them, to be asked again and again */
    BooleanSupplier use(OperatorState state);

    /**
     * What each write does at present, in words, by {@link OperatorWrite#title}.
     *
     * @throws TimeoutException if the control loop does not answer in time
     */
    Map<String, String> uses() throws TimeoutException;
}
