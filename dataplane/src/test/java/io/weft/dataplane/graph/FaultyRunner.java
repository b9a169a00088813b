package io.weft.dataplane.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weft.dataplane.counters.WorkerCounters;
import io.weft.dataplane.fastpath.FastPath;
import io.weft.dataplane.fastpath.FastPathStage;
import io.weft.dataplane.fastpath.RewritingStage;
import io.weft.dataplane.fastpath.StageProgress;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.frame.FrameList;
import io.weft.dataplane.graph.node.DropNode;
import io.weft.dataplane.graph.node.GraphNode;
import io.weft.dataplane.worker.Faults;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A runner whose nodes and stages fail on demand, as if the work on one frame threw: frames before it have been worked on, those behind it have not. It also
 * counts how many frames each node and stage was given.
 */
final class FaultyRunner extends NodeRunner {
    /** Which frame of those that a node or stage is given. */
    enum Position { FIRST, MIDDLE, LAST }

    private static final int MIN_FRAMES = 3;
    private static final int NONE = -1;

    private final GraphNode[] order;
    /** By {@link #name}: most frames in one batch. */
    private final Map<String, Integer> given = new LinkedHashMap<>();
    private FastPath fastPath;
    private String target = "";
    private Position position = Position.FIRST;
    private Throwable fault;
    private int frame = NONE;

    FaultyRunner(Faults faults, WorkerCounters counters, DropNode drop, GraphNode... order) {
        super(faults, counters, drop, order);
        this.order = order;
    }

    /** All stages of the fast path and all nodes, in order. */
    List<String> names() {
        return Stream.concat(
            Stream.of(fastPath.inspecting(), fastPath.rewriting()).flatMap(Arrays::stream).map(FaultyRunner::name),
            Arrays.stream(order).map(FaultyRunner::name)).toList();
    }

    boolean isRewriting(String name) {
        return Arrays.stream(fastPath.inspecting()).noneMatch(stage -> name(stage).equals(name));
    }

    int given(String name) {
        return given.getOrDefault(name, 0);
    }

    /** From now on: the node or stage throws once, at a frame of the next batch of which it is given three or more. */
    void failOnce(String name, Position where, Throwable what) {
        target = name;
        position = where;
        fault = what;
        frame = NONE;
    }

    /** Whether the fault has happened. */
    boolean hasFailed() {
        return fault == null;
    }

    private static String name(GraphNode node) {
        return node.id().label();
    }

    private static String name(FastPathStage stage) {
        return stage.getClass().getSimpleName();
    }

    @Override
    void run(FastPath path, FrameBatch batch) {
        fastPath = path;
        super.run(path, batch);
    }

    // -- nodes -------------------------------------------------------------------------------------------------------

    @Override
    void process(GraphNode node, FrameBatch batch) {
        FrameList in = node.in();
        given.merge(name(node), in.size, Math::max);
        if (isDue(name(node), in.size)) {
            frame = frame == NONE ? in.index[pick(in.size)] : frame;
            int at = indexOf(in, frame);
            if (at >= 0) {
                fail(node, batch, at);
            }
        }
        super.process(node, batch);
    }

    private void fail(GraphNode node, FrameBatch batch, int at) {
        FrameList in = node.in();
        if (node.looksFirst()) {
            throwIt(in.size == 1); // what it finds when it looks at all, it finds when it looks at that one
        }
        int size = in.size;
        in.size = at;
        if (at > 0) {
            super.process(node, batch);
        }
        in.size = size;
        throwIt(true);
    }

    private static int indexOf(FrameList list, int frame) {
        for (int n = 0; n < list.size; n++) {
            if (list.index[n] == frame) { return n; }
        }
        return NONE;
    }

    // -- stages ------------------------------------------------------------------------------------------------------

    @Override
    void process(FastPath path, FastPathStage stage, FrameBatch batch) {
        if (stage instanceof RewritingStage rewriting) {
            rewrite(path, rewriting, batch);
        } else {
            inspect(path, stage, batch);
        }
    }

    private void inspect(FastPath path, FastPathStage stage, FrameBatch batch) {
        if (isDue(name(stage), batch.size) && position == Position.FIRST) {
            throwIt(true);
        }
        given.merge(name(stage), path.process(stage, batch), Math::max);
        if (isDue(name(stage), batch.size)) {
            throwIt(true);
        }
    }

    private void rewrite(FastPath path, RewritingStage stage, FrameBatch batch) {
        long due = StageProgress.due(path, stage);
        given.merge(name(stage), Long.bitCount(due), Math::max);
        if (isDue(name(stage), Long.bitCount(due))) {
            long before = first(due, pick(Long.bitCount(due)));
            StageProgress.setPending(path, before);
            path.process(stage, batch);
            assertEquals(0, StageProgress.pending(path), "frames that the stage has not taken off");
            StageProgress.setPending(path, due & ~before);
            throwIt(true);
        }
        path.process(stage, batch);
        assertEquals(0, StageProgress.pending(path), "frames that the stage has not taken off");
    }

    private static long first(long frames, int count) {
        long rest = frames;
        for (int n = 0; n < count; n++) {
            rest &= rest - 1;
        }
        return frames & ~rest;
    }

    // -- faults ------------------------------------------------------------------------------------------------------

    private boolean isDue(String name, int frames) {
        return fault != null && name.equals(target) && (frame != NONE || frames >= MIN_FRAMES);
    }

    private int pick(int size) {
        return switch (position) {
            case FIRST -> 0;
            case MIDDLE -> size / 2;
            case LAST -> size - 1;
        };
    }

    private void throwIt(boolean forTheLastTime) {
        Throwable thrown = fault;
        fault = forTheLastTime ? null : fault;
        switch (thrown) {
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalArgumentException(thrown);
        }
    }
}
