export const later = "imported later";
