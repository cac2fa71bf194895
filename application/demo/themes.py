"""What customers are unhappy about, in their own words, and what we answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domain.complaints.events import Language

FR: Final = Language.FRENCH
EN: Final = Language.ENGLISH


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One theme in one language. Braces stand for the order, invoice, product and quantity."""

    complaints: tuple[str, ...]
    question: str
    answer: str
    response: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Something that goes wrong between a supplier and its customers."""

    category: str
    reason_code: str
    wanted: str
    other_service: str
    root_cause: str
    words: Mapping[Language, Words]


THEMES: Final = (
    Theme(
        category="invoice.price",
        reason_code="wrong_price",
        wanted="corrected_invoice",
        other_service="pricing",
        root_cause="price_list_outdated",
        words={
            FR: Words(
                complaints=(
                    (
                        "La facture {invoice} reprend l'ancien tarif : {quantity} {product} au prix"
                        " de janvier alors que notre contrat prévoit la remise depuis mars."
                    ),
                    (
                        "Le prix unitaire facturé ({invoice}) ne correspond pas au devis signé pour"
                        " la commande {order}. C'est la troisième fois ce semestre."
                    ),
                    (
                        "Nous avions convenu d'un prix ferme. Or {invoice} est majorée de 7 % sans"
                        " aucune explication."
                    ),
                ),
                question="Pouvez-vous nous envoyer le devis signé de la commande {order} ?",
                answer="Le voici en pièce jointe, avec le courriel de votre commercial.",
                response="Le tarif contractuel s'applique : la facture {invoice} sera corrigée.",
            ),
            EN: Words(
                complaints=(
                    (
                        "Invoice {invoice} charges the old list price for {quantity} {product}; our"
                        " agreement has had the discount since March."
                    ),
                    (
                        "The unit price on {invoice} is not what your quotation for order {order}"
                        " says. This is the third time this half-year."
                    ),
                    "We agreed a fixed price. {invoice} is 7 % higher and nobody can tell us why.",
                ),
                question="Could you send us the signed quotation for order {order}?",
                answer="Attached, together with the e-mail from your sales office.",
                response="The agreed price does apply: invoice {invoice} will be corrected.",
            ),
        },
    ),
    Theme(
        category="invoice.duplicate",
        reason_code="invoiced_twice",
        wanted="credit_note",
        other_service="billing",
        root_cause="order_entered_twice",
        words={
            FR: Words(
                complaints=(
                    (
                        "Nous recevons {invoice} pour la commande {order}, déjà réglée en avril."
                        " Merci d'annuler ce doublon."
                    ),
                    (
                        "Votre relance porte sur {invoice}, une facture que nous avons payée deux"
                        " fois."
                    ),
                ),
                question="Quelle est la date de votre premier virement pour {order} ?",
                answer="Le virement date du 9 avril, référence {order}.",
                response="{invoice} était bien un doublon : un avoir total vous est adressé.",
            ),
            EN: Words(
                complaints=(
                    (
                        "We have received {invoice} for order {order}, which we paid in April."
                        " Please cancel the duplicate."
                    ),
                    "Your reminder is about {invoice}, which we have already paid twice.",
                ),
                question="On which date did you first pay for {order}?",
                answer="On 9 April, with {order} as the reference.",
                response="{invoice} was a duplicate; you will receive a credit note for all of it.",
            ),
        },
    ),
    Theme(
        category="delivery.damaged",
        reason_code="goods_damaged",
        wanted="replacement",
        other_service="logistics",
        root_cause="packaging_too_weak",
        words={
            FR: Words(
                complaints=(
                    (
                        "La palette de {quantity} {product} est arrivée éventrée ; le chauffeur est"
                        " reparti avant le contrôle. Photos à disposition."
                    ),
                    (
                        "Un tiers des {product} de la commande {order} est cassé. Nous refusons de"
                        " payer {invoice} en l'état."
                    ),
                    "Cartons détrempés à la livraison de {order}, la marchandise est invendable.",
                ),
                question="Pouvez-vous nous transmettre les photos et le bon de livraison annoté ?",
                answer="Les photos sont jointes ; les réserves figurent sur le bon de livraison.",
                response="Nous reconnaissons le dommage : les {product} abîmés seront remplacés.",
            ),
            EN: Words(
                complaints=(
                    (
                        "The pallet with {quantity} {product} arrived split open, and the driver"
                        " left before we could check it. We have photographs."
                    ),
                    (
                        "A third of the {product} on order {order} is broken. We will not pay"
                        " {invoice} as it stands."
                    ),
                    "The boxes of {order} were soaked on arrival; nothing in them can be sold.",
                ),
                question="Could you send us the photographs and the signed delivery note?",
                answer="The photographs are attached; the note records the damage.",
                response="We accept the damage: the broken {product} will be replaced.",
            ),
        },
    ),
    Theme(
        category="delivery.late",
        reason_code="delivered_late",
        wanted="goodwill",
        other_service="logistics",
        root_cause="carrier_capacity",
        words={
            FR: Words(
                complaints=(
                    (
                        "La commande {order} devait arriver lundi. Toujours rien, et personne ne"
                        " rappelle : notre chantier est à l'arrêt."
                    ),
                    (
                        "Douze jours de retard pour {quantity} {product}. Nous demandons"
                        " l'application des pénalités prévues au contrat."
                    ),
                    (
                        "Trois fenêtres de livraison annulées sans prévenir pour {order}. Nos"
                        " équipes ont attendu pour rien."
                    ),
                ),
                question="Quelle date de livraison votre acheteur avait-il confirmée ?",
                answer="Le lundi 11, confirmation écrite du 2.",
                response="Le retard de {order} est le nôtre ; un geste commercial est accordé.",
            ),
            EN: Words(
                complaints=(
                    (
                        "Order {order} was due on Monday. Nothing has come, nobody calls back, and"
                        " our site has stopped."
                    ),
                    (
                        "{quantity} {product} came twelve days late. We ask for the penalty that"
                        " the contract provides for."
                    ),
                    (
                        "Three delivery slots for {order} cancelled without a word. Our people"
                        " waited for nothing."
                    ),
                ),
                question="Which delivery date had your buyer been given?",
                answer="Monday the 11th, confirmed in writing on the 2nd.",
                response="The delay of {order} was ours; we offer a goodwill credit.",
            ),
        },
    ),
    Theme(
        category="delivery.missing",
        reason_code="short_delivery",
        wanted="credit_note",
        other_service="warehouse",
        root_cause="picking_error",
        words={
            FR: Words(
                complaints=(
                    (
                        "Il manque quatre cartons de {product} sur {order}, alors que {invoice}"
                        " facture la totalité."
                    ),
                    "Livraison incomplète : {quantity} {product} commandés, la moitié reçue.",
                ),
                question="Combien de colis le bon de livraison indique-t-il ?",
                answer="Huit colis annoncés, quatre reçus, réserve portée sur le bon.",
                response="L'écart est confirmé par l'entrepôt : l'avoir partiel est établi.",
            ),
            EN: Words(
                complaints=(
                    (
                        "Four cartons of {product} are missing from {order}, yet {invoice} charges"
                        " for all of them."
                    ),
                    "Short delivery: we ordered {quantity} {product} and received half.",
                ),
                question="How many parcels does the delivery note state?",
                answer="Eight announced, four received; we noted it on the slip.",
                response="The warehouse confirms the shortage; a credit note is on its way.",
            ),
        },
    ),
    Theme(
        category="quality.defect",
        reason_code="quality_defect",
        wanted="return",
        other_service="quality",
        root_cause="batch_out_of_tolerance",
        words={
            FR: Words(
                complaints=(
                    (
                        "Les {product} du dernier lot se déforment à la première utilisation. Nos"
                        " clients nous les rapportent."
                    ),
                    (
                        "Teinte différente de l'échantillon validé pour {order} : {quantity}"
                        " {product} inutilisables."
                    ),
                    (
                        "Défaut d'étanchéité sur une pièce sur cinq. Nous bloquons le paiement de"
                        " {invoice} jusqu'à l'expertise."
                    ),
                ),
                question="Quel est le numéro de lot imprimé sur l'emballage ?",
                answer="Lot 26-118, imprimé sous le code-barres.",
                response="Le contrôle confirme le défaut du lot : nous organisons le retour.",
            ),
            EN: Words(
                complaints=(
                    (
                        "The {product} of the last batch bend at first use. Our own customers bring"
                        " them back."
                    ),
                    (
                        "The shade is not that of the sample we approved for {order}: {quantity}"
                        " {product} that we cannot use."
                    ),
                    (
                        "One part in five leaks. We withhold payment of {invoice} until it is"
                        " examined."
                    ),
                ),
                question="Which batch number is printed on the packaging?",
                answer="Batch 26-118, below the bar code.",
                response="Our examination confirms the fault of the batch; we arrange the return.",
            ),
        },
    ),
    Theme(
        category="contract.terms",
        reason_code="terms_not_met",
        wanted="corrected_invoice",
        other_service="sales",
        root_cause="terms_not_entered",
        words={
            FR: Words(
                complaints=(
                    (
                        "L'échéance de {invoice} est à 30 jours ; notre contrat dit 60. Vos"
                        " relances sont infondées."
                    ),
                    "Frais de port facturés sur {order} malgré le franco prévu au contrat.",
                ),
                question="Pouvez-vous nous indiquer le numéro de l'avenant ?",
                answer="Avenant numéro 3, signé en février.",
                response="L'avenant est retrouvé : les conditions de {invoice} sont rectifiées.",
            ),
            EN: Words(
                complaints=(
                    (
                        "{invoice} falls due in 30 days; our contract says 60. Your reminders are"
                        " unfounded."
                    ),
                    "Carriage is charged on {order} although our terms are carriage paid.",
                ),
                question="Could you tell us the number of the amendment?",
                answer="Amendment number 3, signed in February.",
                response="We have found the amendment; the terms of {invoice} are put right.",
            ),
        },
    ),
    Theme(
        category="service.unreachable",
        reason_code="service_not_rendered",
        wanted="call_back",
        other_service="field-service",
        root_cause="team_understaffed",
        words={
            FR: Words(
                complaints=(
                    (
                        "Quatre appels en deux semaines, renvoyé d'un service à l'autre : personne"
                        " ne peut rien pour {order}."
                    ),
                    (
                        "Le technicien n'est jamais venu. On nous facture pourtant l'intervention"
                        " sur {invoice}."
                    ),
                ),
                question="À quelles dates avez-vous appelé, et quel numéro ?",
                answer="Les 3, 5, 10 et 12, au numéro du service après-vente.",
                response="Nos excuses : un interlocuteur unique vous rappelle et suit le dossier.",
            ),
            EN: Words(
                complaints=(
                    (
                        "Four calls in two weeks, sent from one department to the next: nobody can"
                        " do anything about {order}."
                    ),
                    "The engineer never came, yet {invoice} charges for the visit.",
                ),
                question="On which dates did you call, and which number?",
                answer="On the 3rd, 5th, 10th and 12th, the after-sales number.",
                response="We apologise: one person will call you back and follow your case.",
            ),
        },
    ),
)
