package io.weft.controlplane.api.resource;

import io.weft.controlplane.api.http.JsonBody;
import io.weft.controlplane.api.http.ProblemException;
import io.weft.controlplane.api.http.Resource;
import io.weft.controlplane.operator.DrainTarget;
import io.weft.controlplane.operator.OperatorState;
import io.weft.controlplane.operator.OperatorWrite;
import io.weft.controlplane.operator.RouteTarget;
import io.weft.controlplane.operator.WriteKind;
import io.weft.dataplane.log.LogLevel;
import io.weft.encap.address.IpAddress;
import io.weft.encap.address.IpPrefix;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** How one kind of write looks in the API: its paths, the members of its body, its document. Any thread. */
abstract class WriteForm {
    private static final String ROOT = "/api/v1/";
    private static final int MAX_LABEL_LENGTH = 63;
    private static final int MAX_TARGET_LENGTH = 253;

    private final WriteKind kind;
    private final Optional<String> listPath;
    private final String path;
    private final Set<String> members;

    private WriteForm(WriteKind kind, Optional<String> listPath, String path, Set<String> members) {
        this.kind = kind;
        this.listPath = listPath;
        this.path = path;
        this.members = members;
    }

    /** One of each kind. */
    static List<WriteForm> all() {
        return List.of(new Drain(), new Pause(), new StaticRoute(), new Level());
    }

    WriteKind kind() {
        return kind;
    }

    /** Of the list of all; empty if there is only one. */
    Optional<String> listPath() {
        return listPath;
    }

    String path() {
        return path;
    }

    /** Of the body, without the comment. */
    Set<String> members() {
        return members;
    }

    /** @throws ProblemException if the path does not name one */
    abstract String subject(Resource.Request request);

    /** Reports to the body what is wrong with it. */
    abstract String setting(JsonBody body);

    /** Without what all kinds have. */
    abstract Map<String, Object> document(OperatorWrite write);

    /** What the resource is without a write; empty: there is none. */
    Optional<OperatorWrite> absent() {
        return Optional.empty();
    }

    private static final class Drain extends WriteForm {
        Drain() {
            super(WriteKind.DRAIN, Optional.of(ROOT + "drains"), ROOT + "drains/{endpoint}", Set.of());
        }

        @Override
        String subject(Resource.Request request) {
            return DrainTarget.parse(request.segment("endpoint")).map(DrainTarget::toString)
                .orElseThrow(() -> ProblemException.wrong("endpoint",
                    "must be the IPv4 address of an endpoint, with :PORT or without"));
        }

        @Override
        String setting(JsonBody body) {
            return "";
        }

        @Override
        Map<String, Object> document(OperatorWrite write) {
            return Map.of("endpoint", write.subject());
        }
    }

    private static final class Pause extends WriteForm {
        Pause() {
            super(WriteKind.PAUSE, Optional.of(ROOT + "pauses"), ROOT + "pauses/{namespace}/{name}", Set.of());
        }

        @Override
        String subject(Resource.Request request) {
            return label(request, "namespace") + "/" + label(request, "name");
        }

        private static String label(Resource.Request request, String name) {
            String text = request.segment(name);
            if (!text.matches("[a-z0-9]([-a-z0-9]*[a-z0-9])?") || text.length() > MAX_LABEL_LENGTH) {
                throw ProblemException.wrong(name, "must be a name as Kubernetes has it");
            }
            return text;
        }

        @Override
        String setting(JsonBody body) {
            return "";
        }

        @Override
        Map<String, Object> document(OperatorWrite write) {
            return Map.of("service", write.subject());
        }
    }

    private static final class StaticRoute extends WriteForm {
        private static final String TYPE = "type";
        private static final String TARGET = "target";

        StaticRoute() {
            super(WriteKind.ROUTE, Optional.of(ROOT + "static-routes"), ROOT + "static-routes/{address}/{length}",
                Set.of(TYPE, TARGET));
        }

        @Override
        String subject(Resource.Request request) {
            Optional<IpAddress> address = IpAddress.parse(request.segment("address")).filter(IpAddress::isIpv4);
            if (address.isEmpty()) { throw ProblemException.wrong("address", "must be an IPv4 address"); }
            String length = request.segment("length");
            if (!length.matches("[12]?[0-9]|3[0-2]")) {
                throw ProblemException.wrong("length", "must be a number from 0 to 32");
            }
            IpPrefix prefix = IpPrefix.containing(address.get(), Integer.parseInt(length));
            if (!prefix.base().equals(address.get())) {
                throw ProblemException.wrong("address", "has host bits; the prefix is " + prefix);
            }
            return prefix.toString();
        }

        @Override
        String setting(JsonBody body) {
            Optional<RouteTarget.Type> type = body.text(TYPE, MAX_LABEL_LENGTH).flatMap(RouteTarget.Type::parse);
            String target = body.text(TARGET, MAX_TARGET_LENGTH).orElse("");
            if (type.isEmpty()) {
                body.wrong(TYPE, "must be via, node, blackhole, unreachable or prohibit");
                return "";
            }
            RouteTarget.problem(type.get(), target).ifPresent(problem -> body.wrong(TARGET, problem));
            return new RouteTarget(type.get(), target).toString();
        }

        @Override
        Map<String, Object> document(OperatorWrite write) {
            RouteTarget target = RouteTarget.of(write.setting());
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("prefix", write.subject());
            document.put(TYPE, target.type().toString());
            document.put(TARGET, target.target());
            return document;
        }
    }

    private static final class Level extends WriteForm {
        private static final String LEVEL = "level";

        Level() {
            super(WriteKind.LOG_LEVEL, Optional.empty(), ROOT + "log-level", Set.of(LEVEL));
        }

        @Override
        String subject(Resource.Request request) {
            return OperatorState.LOG_LEVEL;
        }

        @Override
        String setting(JsonBody body) {
            Optional<LogLevel> level = body.text(LEVEL, MAX_LABEL_LENGTH).flatMap(LogLevel::parse);
            if (level.isEmpty()) {
                body.wrong(LEVEL, "must be error, warning, info or debug");
            }
            return level.orElse(LogLevel.INFO).toString();
        }

        @Override
        Map<String, Object> document(OperatorWrite write) {
            return Map.of(LEVEL, write.setting());
        }

        @Override
        Optional<OperatorWrite> absent() {
            return Optional.of(new OperatorWrite(WriteKind.LOG_LEVEL, OperatorState.LOG_LEVEL,
                LogLevel.INFO.toString(), "", 0));
        }
    }
}
