"""Short phrases of the story, in both languages."""

from typing import Final

from application.demo.themes import EN, FR

PRODUCTS: Final = {
    FR: (
        "vannes",
        "joints",
        "panneaux",
        "filtres",
        "étiquettes",
        "bobines",
        "luminaires",
        "flacons",
        "raccords",
        "plateaux",
    ),
    EN: (
        "valves",
        "gaskets",
        "panels",
        "filters",
        "labels",
        "reels",
        "lamps",
        "bottles",
        "couplings",
        "trays",
    ),
}
QUEUES: Final = {FR: "service-client", EN: "customer-service"}
ACKNOWLEDGED: Final = {
    FR: "Réception confirmée ; réponse promise à la date indiquée.",
    EN: "Told that it has arrived, and when to expect an answer.",
}
CALLED: Final = {
    FR: "Rappel du client : point sur le dossier et prochaine étape.",
    EN: "Called the customer: where the case stands, and what comes next.",
}
CHASED: Final = {
    FR: "Le client relance : aucune nouvelle depuis son premier courrier.",
    EN: "The customer asks again: no news since the first letter.",
}
HOW_TO_CONTEST: Final = {
    FR: "Répondre sous 30 jours, ou saisir le médiateur : mediateur.example.",
    EN: "Reply within 30 days, or go to the ombudsman: ombudsman.example.",
}
UNFOUNDED: Final = {
    FR: "Le bon de livraison signé sans réserve et le contrat confirment la facture {invoice}.",
    EN: "The delivery note signed without remark and the contract bear invoice {invoice} out.",
}
WITHDRAWN: Final = {
    FR: "Le client a retrouvé les marchandises.",
    EN: "The customer found the goods.",
}
