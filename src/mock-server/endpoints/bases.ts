/** Where the API lives on its hosts: the general base, and the one for coding plans; glm-api.md §1.1. */
export const bases = ['/api/paas/v4', '/api/coding/paas/v4'] as const;
