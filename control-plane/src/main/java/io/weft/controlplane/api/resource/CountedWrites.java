package io.weft.controlplane.api.resource;

import io.weft.controlplane.api.http.Answer;
import io.weft.controlplane.api.http.ProblemException;
import io.weft.controlplane.operator.WriteCounts;
import io.weft.controlplane.operator.WriteCounts.Outcome;
import io.weft.controlplane.view.UnavailableException;
import java.util.function.Function;
import java.util.function.Supplier;

/** Counts what becomes of the writes of one kind. Any thread. */
final class CountedWrites {
    private static final int BAD_REQUEST = 400;

    private final WriteCounts counts;
    private final String kind;

    CountedWrites(WriteCounts counts, String kind) {
        this.counts = counts;
        this.kind = kind;
    }

    /**
     * Carries out a write and counts it.
     *
     * @param outcome of one that has not ended in a problem
     */
    <T> Answer run(Supplier<T> write, Function<T, Outcome> outcome, Function<T, Answer> answer) {
        T result;
        try {
            result = write.get();
        } catch (ProblemException e) {
            counts.add(kind, e.status() == BAD_REQUEST ? Outcome.WRONG : Outcome.REFUSED);
            throw e;
        } catch (UnavailableException e) {
            counts.add(kind, Outcome.FAILED);
            throw e;
        }
        counts.add(kind, outcome.apply(result));
        return answer.apply(result);
    }
}
