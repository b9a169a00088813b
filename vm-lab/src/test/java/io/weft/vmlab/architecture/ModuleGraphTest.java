package io.weft.vmlab.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.weft.dataplane.conductor.Dataplane;
import io.weft.dataplane.port.afxdp.AfXdpDriver;
import java.util.Arrays;

/** The modules form the graph of the README, and the classes of no module have a package cycle. {@link PackageCyclesTest} checks the sources. */
@AnalyzeClasses(packages = "io.weft", importOptions = ImportOption.DoNotIncludeTests.class)
class ModuleGraphTest {
    private static final String NATIVE_BINDINGS = "io.weft.nativebindings..";
    private static final String ENCAP = "io.weft.encap..";
    private static final String LB = "io.weft.lb..";
    private static final String DATAPLANE = "io.weft.dataplane..";
    private static final String CONTROL_PLANE = "io.weft.controlplane..";
    private static final String VM_LAB = "io.weft.vmlab..";
    /** Packages that both processes use: the formats of the run directory's files, the ids and routes in them, the configuration, the log level and the flow records. */
    private static final String[] SHARED_FORMATS = {
        "io.weft.dataplane.table..", "io.weft.dataplane.forwarding..", "io.weft.dataplane.counters..",
        "io.weft.dataplane.config..", "io.weft.dataplane.log..", "io.weft.dataplane.flowlog.."};

    /** Sockets, XDP programs, and the classes built on them. */
    private static final String[] AF_XDP = {"io.weft.dataplane.port.afxdp..", "io.weft.nativebindings.xdp.."};

    @ArchTest static final ArchRule nativeBindingsKnowNothingOfPackets = ofWeftMayUse(NATIVE_BINDINGS);

    @ArchTest static final ArchRule encapStandsAlone = ofWeftMayUse(ENCAP);

    @ArchTest static final ArchRule lbUsesEncap = ofWeftMayUse(LB, ENCAP);

    @ArchTest static final ArchRule dataplaneUsesTheThreeBelow = ofWeftMayUse(DATAPLANE, NATIVE_BINDINGS, ENCAP, LB);

    @ArchTest static final ArchRule controlPlaneNeverSeesAWorker = ofWeftMayUse(
        CONTROL_PLANE, and(SHARED_FORMATS, NATIVE_BINDINGS, ENCAP, LB));

    @ArchTest static final ArchRule labRunsTheProductAsAUserDoes = ofWeftMayUse(
        VM_LAB, and(SHARED_FORMATS, NATIVE_BINDINGS, ENCAP, "io.weft.lb.service.."));

    @ArchTest static final ArchRule packetProcessHasNoKubernetesJsonHttpOrCommandLine = noClasses()
        .that().resideInAnyPackage(NATIVE_BINDINGS, ENCAP, LB, DATAPLANE)
        .should().dependOnClassesThat().resideInAnyPackage(
            "com.fasterxml..", "com.google.gson..", "io.kubernetes..", "io.fabric8..", "okhttp3..", "io.netty..",
            "io.helidon..",
            "picocli..", "java.net.http..", "com.sun.net.httpserver..", "net.openhft..")
        .allowEmptyShould(true);

    @ArchTest static final ArchRule encapAndLbDoNoInputOrOutput = noClasses()
        .that().resideInAnyPackage(ENCAP, LB)
        .should().dependOnClassesThat().resideInAnyPackage("java.net..", "java.nio.file..", "java.nio.channels..")
        .allowEmptyShould(true);

    @ArchTest static final ArchRule packetPathHasNoStreams = noClasses()
        .that()
        .resideInAnyPackage(ENCAP, "io.weft.dataplane.graph..", "io.weft.dataplane.fastpath..",
            "io.weft.dataplane.decision..", "io.weft.dataplane.frame..")
        .should().dependOnClassesThat().resideInAnyPackage("java.util.stream..")
        .allowEmptyShould(true);

    /** Conductor, workers and graph know only {@code Device}, {@code DeviceDriver} and {@code Port}, so that other drivers can be added. */
    @ArchTest static final ArchRule onlyItsPackageKnowsAfXdp = noClasses()
        .that().resideInAPackage(DATAPLANE).and().resideOutsideOfPackage("io.weft.dataplane.port.afxdp..")
        .should().dependOnClassesThat(resideInAnyPackage(AF_XDP).and(not(type(AfXdpDriver.class))));

    /** The XDP programs of the driver, and those that steer replies of the node's own processes. */
    @ArchTest static final ArchRule twoPackagesKnowBpf = noClasses()
        .that().resideInAPackage(DATAPLANE)
        .and().resideOutsideOfPackages("io.weft.dataplane.port.afxdp..", "io.weft.dataplane.steering..")
        .should().dependOnClassesThat().resideInAPackage("io.weft.nativebindings.bpf..");

    @ArchTest static final ArchRule onePlaceChoosesTheDriver = noClasses()
        .that().resideInAPackage(DATAPLANE).and().resideOutsideOfPackage("io.weft.dataplane.port.afxdp..")
        .and().doNotHaveFullyQualifiedName(Dataplane.class.getName())
        .should().dependOnClassesThat(type(AfXdpDriver.class));

    @ArchTest static final ArchRule noClassUsesUnsafe = noClasses()
        .should().dependOnClassesThat().haveFullyQualifiedName("sun.misc.Unsafe")
        .allowEmptyShould(true);

    @ArchTest static final ArchRule nativeBindingsHaveNoCycle = withoutCycle("io.weft.nativebindings.(**)");

    @ArchTest static final ArchRule encapHasNoCycle = withoutCycle("io.weft.encap.(**)");

    @ArchTest static final ArchRule lbHasNoCycle = withoutCycle("io.weft.lb.(**)");

    @ArchTest static final ArchRule dataplaneHasNoCycle = withoutCycle("io.weft.dataplane.(**)");

    @ArchTest static final ArchRule controlPlaneHasNoCycle = withoutCycle("io.weft.controlplane.(**)");

    @ArchTest static final ArchRule labHasNoCycle = withoutCycle("io.weft.vmlab.(**)");

    private static ArchRule ofWeftMayUse(String module, String... others) {
        return classes().that().resideInAPackage(module)
            .should().onlyDependOnClassesThat(
                resideOutsideOfPackage("io.weft..").or(resideInAnyPackage(and(others, module))))
            .allowEmptyShould(true);
    }

    private static ArchRule withoutCycle(String packages) {
        return slices().matching(packages).should().beFreeOfCycles().allowEmptyShould(true);
    }

    private static String[] and(String[] some, String... more) {
        String[] all = Arrays.copyOf(some, some.length + more.length);
        System.arraycopy(more, 0, all, some.length, more.length);
        return all;
    }
}
