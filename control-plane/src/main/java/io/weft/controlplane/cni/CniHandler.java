package io.weft.controlplane.cni;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.controlplane.cni.PodAttacher.Attached;
import io.weft.controlplane.ipam.Attachment;
import io.weft.controlplane.ipam.AttachmentKey;
import io.weft.controlplane.ipam.PortMapping;
import io.weft.nativebindings.linux.LinuxException;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Handles one CNI request: returns what the plug-in prints and its exit status (CNI specification 1.1). Any thread. */
public final class CniHandler {
    private static final Logger LOG = LoggerFactory.getLogger(CniHandler.class);
    private static final String VALID_ATTACHMENTS = "cni.dev/valid-attachments";

    /** The name that libcni used before version 1.1 of the specification, and still sends in addition. */
    private static final String FORMER_VALID_ATTACHMENTS = "cni.dev/attachments";

    record Answer(int exitStatus, String output) {
    }

    private final PodAttacher attacher;
    private final PodTables tables;
    private final Readiness readiness;

    public CniHandler(PodAttacher attacher, PodTables tables, Readiness readiness) {
        this.attacher = attacher;
        this.tables = tables;
        this.readiness = readiness;
    }

    Answer handle(String text) {
        String version = CniVersion.NEWEST;
        String subject = "CNI";
        try {
            CniRequest request = CniRequest.parse(text);
            subject = request.toString();
            version = checkedVersion(request);
            return new Answer(0, dispatch(request, version));
        } catch (CniException e) {
            return failure(subject, version, e);
        } catch (LinuxException e) {
            return failure(subject, version, new CniException(CniErrorCode.KERNEL_REFUSED, e.getMessage()));
        } catch (IOException e) {
            return failure(subject, version, new CniException(CniErrorCode.IO_FAILURE, String.valueOf(e.getMessage())));
        } catch (RuntimeException e) {
            LOG.error("{} failed", subject, e);
            return failure(subject, version, new CniException(CniErrorCode.KERNEL_REFUSED, e.toString()));
        }
    }

    private String dispatch(CniRequest request, String version) throws CniException, IOException {
        return switch (request.command()) {
            case "ADD" -> add(request, version);
            case "DEL" -> delete(request);
            case "CHECK" -> check(request);
            case "STATUS" -> status();
            case "GC" -> collect(request);
            default -> throw new CniException(
                CniErrorCode.INVALID_VARIABLES, "unknown CNI_COMMAND: " + request.command());
        };
    }

    private String add(CniRequest request, String version) throws CniException, IOException {
        long startNanos = System.nanoTime();
        Attached attached;
        try (PodNamespace pod = request.openNamespace()) {
            attached = attacher.attach(request.names(pod), PortMappings.of(request.configuration()), pod);
        }
        Attachment attachment = attached.attachment();
        LOG.info("ADD {}{}: {} on {}, port {}, {} ms", attachment.key(),
            attachment.podName().isEmpty() ? "" : " of " + attachment.podName(), attachment.podIp(),
            attachment.hostIfName(), attachment.portId(), (System.nanoTime() - startNanos) / 1_000_000);
        return CniResult.added(version, attached);
    }

    private String delete(CniRequest request) throws CniException, IOException {
        attacher.detach(request.key());
        LOG.info("DEL {}", request.key());
        return "";
    }

    private String check(CniRequest request) throws CniException {
        AttachmentKey key = request.key();
        Attachment attachment = tables.find(key).orElseThrow(
            () -> new CniException(CniErrorCode.UNKNOWN_CONTAINER, key + " is not attached"));
        checkPreviousResult(request.configuration().path("prevResult"), attachment);
        checkPortMappings(PortMappings.of(request.configuration()), attachment);
        Optional<String> wrong = attacher.check(attachment, request.netns());
        if (wrong.isPresent()) { throw new CniException(CniErrorCode.CHECK_FAILED, wrong.get()); }
        return "";
    }

    private static void checkPreviousResult(JsonNode previous, Attachment attachment) throws CniException {
        JsonNode ips = previous.path("ips");
        if (ips.isMissingNode() || ips.isNull()) { return; }
        String address = attachment.podIp().toString();
        for (JsonNode ip : ips) {
            if (CniRequest.text(ip, "address").startsWith(address + "/")) { return; }
        }
        throw new CniException(CniErrorCode.CHECK_FAILED, "prevResult does not have the pod's address " + address);
    }

    /** The runtime sends them to CHECK as well. One that sends none has said nothing about them. */
    private static void checkPortMappings(List<PortMapping> wanted, Attachment attachment) throws CniException {
        for (PortMapping mapping : wanted) {
            if (!attachment.portMappings().contains(mapping)) {
                throw new CniException(CniErrorCode.CHECK_FAILED,
                    mapping.hostSide() + " does not lead to port " + mapping.containerPort() + " of the pod");
            }
        }
    }

    private String status() throws CniException {
        Optional<CniException> missing = readiness.missing();
        if (missing.isPresent()) { throw missing.get(); }
        return "";
    }

    /**
     * A runtime in Go without attachments sends null for the empty list. One that sends no list has detached by DEL what it no longer
     * knows (libcni, GCNetworkList without arguments), and no attachment is invalid because of its silence.
     */
    private String collect(CniRequest request) throws CniException {
        JsonNode configuration = request.configuration();
        JsonNode list = configuration.path(
            configuration.has(VALID_ATTACHMENTS) ? VALID_ATTACHMENTS : FORMER_VALID_ATTACHMENTS);
        if (list.isMissingNode()) {
            attacher.deleteOrphans();
            return "";
        }
        if (!list.isArray() && !list.isNull()) {
            throw new CniException(CniErrorCode.INVALID_CONFIGURATION, VALID_ATTACHMENTS + " is not a list");
        }
        Set<AttachmentKey> valid = new HashSet<>();
        list.forEach(
            item -> valid
                .add(new AttachmentKey(CniRequest.text(item, "containerID"), CniRequest.text(item, "ifname"))));
        attacher.keepOnly(request.network(), valid);
        return "";
    }

    private static String checkedVersion(CniRequest request) throws CniException {
        String version = request.cniVersion();
        if (!CniVersion.isSupported(version)) {
            throw new CniException(CniErrorCode.INCOMPATIBLE_VERSION,
                "cniVersion " + (version.isEmpty() ? "is not given" : version + " is not supported"),
                "supported: " + String.join(", ", CniVersion.SUPPORTED));
        }
        return version;
    }

    private static Answer failure(String subject, String version, CniException error) {
        LOG.warn("{}: error {}: {}{}", subject, error.code(), error.getMessage(),
            error.details().isEmpty() ? "" : ": " + error.details());
        return new Answer(1, CniResult.error(version, error));
    }
}
