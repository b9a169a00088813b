package io.weft.dataplane.node;

import io.weft.dataplane.counters.DropReason;
import io.weft.dataplane.counters.NodeId;
import io.weft.dataplane.frame.FrameBatch;
import io.weft.dataplane.table.Route;
import io.weft.encap.packet.HeaderError;
import io.weft.encap.packet.Ipv4Header;

/**
 * {@code ip4-fragment}: forwards fragments by address alone, so that all of a datagram take one way; no port is ever read from one. Where ports
 * would have to be translated (Services, the outside) they are dropped.
 */
public final class Ip4Fragment extends Node {
    private final Turn turn;
    private final DropNode drop;
    private final EgressResolver resolver;
    private final AddressForward byAddress;
    private final FragmentNat nat;

    public Ip4Fragment(Turn turn, DropNode drop, Reject reject, Dispatch dispatch, FragmentNat nat) {
        super(NodeId.IP4_FRAGMENT);
        this.turn = turn;
        this.drop = drop;
        this.nat = nat;
        resolver = new EgressResolver(turn);
        byAddress = new AddressForward(reject, dispatch);
    }

    @Override
    public void process(FrameBatch batch) {
        for (int n = 0; n < in().size; n++) {
            int frame = in().index[n];
            DropReason refusal = refusal(batch, frame);
            if (refusal != null) {
                drop.add(frame, refusal);
            } else {
                byAddress.forward(batch, frame, resolver.egress());
            }
        }
    }

    private DropReason refusal(FrameBatch batch, int frame) {
        long ip = batch.l3[frame];
        int error = Ipv4Header.validateFragment(ip);
        if (error != HeaderError.NONE) { return HeaderReasons.of(error); }
        int ingress = batch.ingress[frame];
        if (!SourceCheck.isAllowed(turn, ingress, Ipv4Header.source(ip))) { return DropReason.SPOOFED_SOURCE; }
        int destination = Ipv4Header.destination(ip);
        if (Route.kind(turn.tables().route4(destination)) == Route.SERVICE) {
            return EgressResolver.isUnderlay(ingress) ? DropReason.CLUSTERIP_FROM_OUTSIDE : DropReason.FRAG_SERVICE;
        }
        if (!resolver.resolve(ingress, destination)) { return resolver.refusal(); }
        if (resolver.isOutside()) { return DropReason.FRAG_OUTSIDE; }
        return nat.isTranslated(ip, batch.l4[frame], turn.nowSeconds()) ? DropReason.FRAG_SERVICE : null;
    }
}
